import { setTimeout as pause } from 'node:timers/promises';
import { requireTopics } from '../../consumers/dead-letters/scan.ts';
import { JobEvent } from '../../core/generated/job-event.ts';
import { partitionForKey } from '../../core/murmur2.ts';
import { names } from '../../core/names.ts';
import type { OffsetRange } from '../../core/ports/broker.ts';
import type { InspectionParts } from '../inspection/index.ts';

/** Which events of the telemetry topic to show. */
export interface TailQuery {
  readonly type?: string;
  readonly jobId?: string;
  readonly jobType?: string;
  readonly tenant?: string;
  /** Events that are there already, the newest, at most; 0 for none. */
  readonly last: number;
  /** How far to look back for them, epoch ms. */
  readonly sinceMs: number;
  /** Goes on with what comes, until it is aborted; undefined: ends with what is there. */
  readonly follow?: AbortSignal;
}

/** Between two looks for what has come, ms. */
const LOOK_EVERY_MS = 300;

/** Keeps what may match from being decoded for nothing. */
const wantedIn = ({ type, jobId, jobType, tenant }: TailQuery): readonly Buffer[] =>
  [type, jobId, jobType, tenant].flatMap((text) => (text === undefined ? [] : [Buffer.from(text)]));

const matches = ({ type, jobId, jobType, tenant }: TailQuery, event: JobEvent): boolean =>
  (type ?? event.type) === event.type &&
  (jobId ?? event.jobId) === event.jobId &&
  (jobType ?? event.jobType) === event.jobType &&
  (tenant ?? event.tenantId) === event.tenantId;

/** Reads the topic on, partition by partition. */
class Reader {
  readonly #parts: InspectionParts;
  readonly #query: TailQuery;
  readonly #topic: string;
  readonly #wanted: readonly Buffer[];
  readonly #next = new Map<number, bigint>();

  constructor(parts: InspectionParts, query: TailQuery) {
    this.#parts = parts;
    this.#query = query;
    this.#topic = names.telemetry(parts.app.name);
    this.#wanted = wantedIn(query);
  }

  /** Stands where `sinceMs` begins, or, where every event is wanted, as near to the end as will do. */
  async seek(): Promise<void> {
    const { admin } = this.#parts.backend.broker;
    await requireTopics(admin, [this.#topic]);
    const { sinceMs, last } = this.#query;
    const starts = new Map(
      (await admin.offsetsAt(this.#topic, sinceMs)).map(({ partition, offset }) => [partition, offset]),
    );
    for (const { partition, low, high } of await this.#ranges()) {
      const since = starts.get(partition) ?? low;
      const nearest = high - BigInt(last);
      const isNear = last === 0 || this.#wanted.length === 0;
      this.#next.set(partition, isNear && nearest > since ? nearest : since);
    }
  }

  async #ranges(): Promise<readonly OffsetRange[]> {
    const { app, backend } = this.#parts;
    const { tenant } = this.#query;
    const ranges = await backend.broker.admin.offsetRanges(this.#topic);
    if (tenant === undefined || app.telemetryKey !== undefined) return ranges;
    const own = partitionForKey(Buffer.from(tenant), ranges.length);
    return ranges.filter(({ partition }) => partition === own);
  }

  /** What matches of all that has come since the last time; the last `most` of it. */
  async read(most: number): Promise<readonly JobEvent[]> {
    const values: Buffer[] = [];
    for (const { partition, low, high } of await this.#ranges()) {
      const from = this.#next.get(partition) ?? low;
      if (from >= high) continue;
      this.#next.set(partition, high);
      const range = { topic: this.#topic, partition, from: from < low ? low : from, to: high };
      await this.#parts.backend.broker.admin.read(range, ({ value }) => {
        if (value !== null && this.#wanted.every((text) => value.includes(text)))
          values.push(Buffer.from(value));
        return true;
      });
    }
    const events = (await this.#decoded(values)).sort((a, b) => a.time - b.time);
    return events.slice(Math.max(0, events.length - most));
  }

  async #decoded(values: readonly Buffer[]): Promise<JobEvent[]> {
    const events: JobEvent[] = [];
    for (const value of values) {
      const decoded = await this.#parts.backend.serde.decode(JobEvent, value);
      if (decoded.ok && matches(this.#query, decoded.value)) events.push(decoded.value);
    }
    return events;
  }
}

/** Waits a moment; false where it is over. */
const stillFollowed = async (signal: AbortSignal): Promise<boolean> => {
  if (!signal.aborted) await pause(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  return !signal.aborted;
};

/**
 * The newest events of the telemetry topic, and then those that come, without a group. Those of different partitions
 * stand in the order of their time as far as they come together. An event told twice is given twice.
 *
 * @throws EsteiraError ESTEIRA_TOPICS_DIFFER, ESTEIRA_BROKER_UNAVAILABLE, ESTEIRA_REGISTRY_UNAVAILABLE
 */
export async function* tailTelemetry(
  parts: InspectionParts,
  query: TailQuery,
): AsyncGenerator<readonly JobEvent[]> {
  const reader = new Reader(parts, query);
  await reader.seek();
  yield await reader.read(query.last);
  const { follow } = query;
  if (follow === undefined) return;
  while (await stillFollowed(follow)) yield await reader.read(Number.POSITIVE_INFINITY);
}
