import { requireTopics } from '../../consumers/dead-letters/scan.ts';
import type { AppDefinition } from '../../core/app.ts';
import { JobEvent } from '../../core/generated/job-event.ts';
import { partitionForKey } from '../../core/murmur2.ts';
import { names } from '../../core/names.ts';
import type { BrokerAdmin, OffsetRange } from '../../core/ports/broker.ts';
import type { Serde } from '../../core/ports/serde.ts';
import { ReadBudget } from './read-budget.ts';

/** What to look for on the telemetry topic. */
export interface TelemetryScan {
  readonly app: AppDefinition;
  readonly admin: BrokerAdmin;
  readonly serde: Serde;
  /** Texts of which an event must hold one, such as a job id: the others are not decoded. */
  readonly wanted: readonly string[];
  /** Reads only this tenant's partition, where the app keys the topic by tenant. */
  readonly tenant?: string;
  /** How far to look back at most, epoch ms. */
  readonly sinceMs: number;
  readonly nowMs: number;
  /** Records to read at most; default 1,000,000. */
  readonly mostRecords?: number;
  /** Told of what was found, window by window, the newest first; says whether that is enough. */
  readonly onFound: (events: readonly JobEvent[]) => boolean;
}

/** How far a look went. */
export interface TelemetryRead {
  readonly records: number;
  /** Everything since then was read, epoch ms. */
  readonly backToMs: number;
  /** Whether it ended before `sinceMs` because it had read as much as it may. */
  readonly isCut: boolean;
  /** Where most of it was read; default the topic. */
  readonly from?: 'projection';
}

const MINUTE_MS = 60_000;
/** Each window reaches this much further back than the one before. */
const WIDER = 6;
const MOST_RECORDS = 1_000_000;

/** The beginnings of the windows, newest first; the last is `sinceMs`. */
const windowsOf = ({ sinceMs, nowMs }: TelemetryScan): readonly number[] => {
  const starts: number[] = [];
  for (let spanMs = MINUTE_MS; nowMs - spanMs > sinceMs; spanMs *= WIDER) starts.push(nowMs - spanMs);
  return [...starts, sinceMs];
};

const partitionsOf = async (
  { app, admin, tenant }: TelemetryScan,
  topic: string,
): Promise<readonly OffsetRange[]> => {
  const ranges = await admin.offsetRanges(topic);
  if (tenant === undefined || app.telemetryKey !== undefined) return ranges;
  const wanted = partitionForKey(Buffer.from(tenant), ranges.length);
  return ranges.filter(({ partition }) => partition === wanted);
};

const decode = async (serde: Serde, values: readonly Buffer[]): Promise<readonly JobEvent[]> => {
  const events: JobEvent[] = [];
  for (const value of values) {
    const decoded = await serde.decode(JobEvent, value);
    if (decoded.ok) events.push(decoded.value);
  }
  return events;
};

/**
 * Reads the telemetry topic backwards, in windows of time that grow, until enough was found or the time is over.
 *
 * @throws EsteiraError ESTEIRA_TOPICS_DIFFER, ESTEIRA_BROKER_UNAVAILABLE, ESTEIRA_REGISTRY_UNAVAILABLE
 */
export const scanTelemetry = async (scan: TelemetryScan): Promise<TelemetryRead> => {
  const { app, admin, serde } = scan;
  const topic = names.telemetry(app.name);
  await requireTopics(admin, [topic]);
  const budget = new ReadBudget(scan.mostRecords ?? MOST_RECORDS);
  const wanted = scan.wanted.map((text) => Buffer.from(text));
  const ends = new Map((await partitionsOf(scan, topic)).map((range) => [range.partition, range.high]));
  let backToMs = scan.nowMs;
  for (const fromMs of windowsOf(scan)) {
    const values: Buffer[] = [];
    for (const { partition, offset } of await admin.offsetsAt(topic, fromMs)) {
      const end = ends.get(partition);
      if (end === undefined || offset >= end) continue;
      ends.set(partition, offset);
      await admin.read({ topic, partition, from: budget.beginningOf(offset, end), to: end }, ({ value }) => {
        budget.spend();
        if (value !== null && wanted.some((text) => value.includes(text))) values.push(Buffer.from(value));
        return true;
      });
    }
    const isEnough = scan.onFound(await decode(serde, values));
    if (budget.isCut) return { records: budget.read, backToMs, isCut: true };
    backToMs = fromMs;
    if (isEnough) break;
  }
  return { records: budget.read, backToMs, isCut: false };
};
