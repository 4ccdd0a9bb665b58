import { type Attributes, type HrTime, ValueType } from '@opentelemetry/api';
import { resources, metrics as sdkMetrics } from '@opentelemetry/sdk-node';

const { AggregationTemporality, DataPointType } = sdkMetrics;

/** A number of one set of labels. */
export interface Count {
  readonly labels: Attributes;
  value: number;
}

/** How values of one set of labels are spread over the buckets of their family. */
export interface Spread {
  readonly labels: Attributes;
  /** Values in each bucket, in the order of the bounds; the last takes what is above all. */
  readonly counts: number[];
  sum: number;
  count: number;
}

/** What the numbers of a family are: only grow, or rise and fall. */
type CountKind = 'counter' | 'gauge';

interface Described {
  readonly name: string;
  readonly description: string;
}

/** Numbers of one name, one for each set of labels. */
export class CountFamily {
  readonly #described: Described;
  readonly #kind: CountKind;
  readonly #counts: Count[] = [];

  constructor(kind: CountKind, described: Described) {
    this.#kind = kind;
    this.#described = described;
  }

  /** Adds a number, 0 at first; the caller keeps it and changes it. */
  of(labels: Attributes): Count {
    const count = { labels, value: 0 };
    this.#counts.push(count);
    return count;
  }

  /** As OpenTelemetry exports it; undefined while there is nothing to tell. */
  collect(startTime: HrTime, endTime: HrTime): sdkMetrics.MetricData | undefined {
    if (this.#counts.length === 0) return undefined;
    const common = {
      descriptor: { ...this.#described, unit: '', valueType: ValueType.DOUBLE },
      aggregationTemporality: AggregationTemporality.CUMULATIVE,
      dataPoints: this.#counts.map(({ labels, value }) => ({
        attributes: labels,
        value,
        startTime,
        endTime,
      })),
    };
    return this.#kind === 'gauge'
      ? { ...common, dataPointType: DataPointType.GAUGE }
      : { ...common, dataPointType: DataPointType.SUM, isMonotonic: true };
  }
}

/** Seconds of one name, spread over buckets, for each set of labels. */
export class SpreadFamily {
  readonly #described: Described;
  readonly #bounds: readonly number[];
  readonly #spreads: Spread[] = [];

  constructor(described: Described, bounds: readonly number[]) {
    this.#described = described;
    this.#bounds = bounds;
  }

  /** Adds an empty spread; the caller keeps it and hands it to {@link record}. */
  of(labels: Attributes): Spread {
    const spread = { labels, counts: Array<number>(this.#bounds.length + 1).fill(0), sum: 0, count: 0 };
    this.#spreads.push(spread);
    return spread;
  }

  /** Counts a value; what is no duration is left out, as OpenTelemetry's own histograms leave it out. */
  record(spread: Spread, seconds: number): void {
    if (!(seconds >= 0)) return;
    let bucket = 0;
    for (let bound = this.#bounds[0]; bound !== undefined && seconds > bound; bound = this.#bounds[bucket])
      bucket += 1;
    spread.counts[bucket] = (spread.counts[bucket] ?? 0) + 1;
    spread.sum += seconds;
    spread.count += 1;
  }

  /** As OpenTelemetry exports it; undefined while there is nothing to tell. */
  collect(startTime: HrTime, endTime: HrTime): sdkMetrics.MetricData | undefined {
    if (this.#spreads.length === 0) return undefined;
    return {
      descriptor: { ...this.#described, unit: 's', valueType: ValueType.DOUBLE },
      aggregationTemporality: AggregationTemporality.CUMULATIVE,
      dataPointType: DataPointType.HISTOGRAM,
      dataPoints: this.#spreads.map(({ labels, counts, sum, count }) => ({
        attributes: labels,
        startTime,
        endTime,
        value: { buckets: { boundaries: [...this.#bounds], counts: [...counts] }, sum, count },
      })),
    };
  }
}

/**
 * Numbers that are kept here and handed to OpenTelemetry when somebody reads them. An instrument of OpenTelemetry costs
 * some microseconds a call, which every job would pay twice.
 */
export class MetricFamilies implements sdkMetrics.MetricProducer {
  readonly #families: (CountFamily | SpreadFamily)[] = [];
  readonly #startTime: HrTime = now();

  counts(kind: CountKind, described: Described): CountFamily {
    return this.#add(new CountFamily(kind, described));
  }

  spreads(described: Described, bounds: readonly number[]): SpreadFamily {
    return this.#add(new SpreadFamily(described, bounds));
  }

  async collect(): Promise<sdkMetrics.CollectionResult> {
    const endTime = now();
    const found = this.#families.map((family) => family.collect(this.#startTime, endTime));
    const metrics = found.filter((data) => data !== undefined);
    const scopeMetrics = metrics.length === 0 ? [] : [{ scope: { name: 'esteira' }, metrics }];
    return { errors: [], resourceMetrics: { resource: resources.emptyResource(), scopeMetrics } };
  }

  #add<F extends CountFamily | SpreadFamily>(family: F): F {
    this.#families.push(family);
    return family;
  }
}

const now = (): HrTime => {
  const ms = Date.now();
  return [Math.floor(ms / 1_000), (ms % 1_000) * 1_000_000];
};
