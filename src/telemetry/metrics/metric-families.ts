import { type Attributes, type HrTime, ValueType } from '@opentelemetry/api';
import { resources, metrics as sdkMetrics } from '@opentelemetry/sdk-node';
import { Spread } from '../../core/spread.ts';

const { AggregationTemporality, DataPointType } = sdkMetrics;

/** A number of one set of labels. */
export interface Count {
  readonly labels: Attributes;
  value: number;
}

/** How values of one set of labels are spread over the buckets of their family. */
export interface LabelledSpread {
  readonly labels: Attributes;
  readonly spread: Spread;
}

/** What the numbers of a family are: only grow, or rise and fall. */
export type CountKind = 'counter' | 'gauge';

/** A metric as it is called and explained. */
export interface Described {
  readonly name: string;
  readonly description: string;
}

/** A family as OpenTelemetry exports it; undefined while there is nothing to tell. */
type Collect = (startTime: HrTime, endTime: HrTime) => sdkMetrics.MetricData | undefined;

const countsData = (
  kind: CountKind,
  described: Described,
  counts: readonly Readonly<Count>[],
  [startTime, endTime]: readonly [HrTime, HrTime],
): sdkMetrics.MetricData | undefined => {
  if (counts.length === 0) return undefined;
  const common = {
    descriptor: { ...described, unit: '', valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPoints: counts.map(({ labels, value }) => ({ attributes: labels, value, startTime, endTime })),
  };
  return kind === 'gauge'
    ? { ...common, dataPointType: DataPointType.GAUGE }
    : { ...common, dataPointType: DataPointType.SUM, isMonotonic: true };
};

const spreadsData = (
  described: Described,
  spreads: readonly LabelledSpread[],
  [startTime, endTime]: readonly [HrTime, HrTime],
): sdkMetrics.MetricData | undefined => {
  if (spreads.length === 0) return undefined;
  return {
    descriptor: { ...described, unit: 's', valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPointType: DataPointType.HISTOGRAM,
    dataPoints: spreads.map(({ labels, spread: { bounds, counts, sum, count } }) => ({
      attributes: labels,
      startTime,
      endTime,
      value: { buckets: { boundaries: [...bounds], counts: [...counts] }, sum, count },
    })),
  };
};

/** Numbers of one name, one for each set of labels, which who counts keeps and changes. */
export interface CountFamily {
  /** Adds a number, 0 at first. */
  of(labels: Attributes): Count;
}

/** Seconds of one name, spread over buckets, for each set of labels. */
export interface SpreadFamily {
  /** Adds an empty spread. */
  of(labels: Attributes): Spread;
}

/**
 * Numbers that are kept here, or asked for, and handed to OpenTelemetry when somebody reads them. An instrument of
 * OpenTelemetry costs some microseconds a call, which every job would pay twice.
 */
export class MetricFamilies implements sdkMetrics.MetricProducer {
  readonly #families: Collect[] = [];
  readonly #startTime: HrTime = now();
  /** Grows with each reading. */
  #reading = 0;

  /** Numbers that are kept. */
  counts(kind: CountKind, described: Described): CountFamily {
    const kept: Count[] = [];
    this.#families.push((...times) => countsData(kind, described, kept, times));
    return {
      of: (labels) => {
        const count = { labels, value: 0 };
        kept.push(count);
        return count;
      },
    };
  }

  /** Spreads that are kept. */
  spreads(described: Described, bounds: readonly number[]): SpreadFamily {
    const kept: LabelledSpread[] = [];
    this.#families.push((...times) => spreadsData(described, kept, times));
    return {
      of: (labels) => {
        const spread = new Spread(bounds);
        kept.push({ labels, spread });
        return spread;
      },
    };
  }

  /** Numbers that are asked for at each reading; no two of an answer may have the same labels. */
  pullCounts(kind: CountKind, described: Described, read: () => readonly Readonly<Count>[]): void {
    this.#families.push((...times) => countsData(kind, described, read(), times));
  }

  /** Spreads that are asked for at each reading; no two of an answer may have the same labels. */
  pullSpreads(described: Described, read: () => readonly LabelledSpread[]): void {
    this.#families.push((...times) => spreadsData(described, read(), times));
  }

  /** What several families are made of: `read` once a reading, however many of them ask. */
  shared<T>(read: () => T): () => T {
    let known: { readonly reading: number; readonly value: T } | undefined;
    return () => {
      if (known?.reading !== this.#reading) known = { reading: this.#reading, value: read() };
      return known.value;
    };
  }

  async collect(): Promise<sdkMetrics.CollectionResult> {
    this.#reading += 1;
    const endTime = now();
    const found = this.#families.map((collect) => collect(this.#startTime, endTime));
    const metrics = found.filter((data) => data !== undefined);
    const scopeMetrics = metrics.length === 0 ? [] : [{ scope: { name: 'esteira' }, metrics }];
    return { errors: [], resourceMetrics: { resource: resources.emptyResource(), scopeMetrics } };
  }
}

const now = (): HrTime => {
  const ms = Date.now();
  return [Math.floor(ms / 1_000), (ms % 1_000) * 1_000_000];
};
