import { jobTypesOf } from '../../consumers/dead-letters/index.ts';
import { EsteiraError } from '../../core/errors.ts';
import type { JobDefinition } from '../../core/job.ts';
import type { BrokerAdmin } from '../../core/ports/broker.ts';
import type { PlanValue, PositionsValue, WindowFacts } from '../replay/control-values.ts';
import type { PlanFile } from '../replay/index.ts';
import { packOffsetRange } from '../replay/offset-runs.ts';
import { type ReplayParts, refused, requireReason, requireRole } from '../replay/replay-parts.ts';
import { storePlan } from '../replay/store-plan.ts';
import { type WindowBounds, type WindowRange, windowRanges } from './window-bounds.ts';

export interface WindowRequest {
  readonly jobType: string;
  /** Which of its event topics; default the only one it listens to. */
  readonly topic?: string;
  readonly bounds: WindowBounds;
  /** Whether what is done is run once more; needs a second person. Default false. */
  readonly force?: boolean;
  /** Why; goes into the audit, redacted. */
  readonly reason: string;
}

/** Positions of a chunk: its ledger is looked through as a whole. */
const CHUNK_POSITIONS = 100_000;
/** What the ledger says of more would fill the control topic, and nobody could oversee it. */
const MOST_POSITIONS = 10_000_000;

const usage = (message: string, facts: Readonly<Record<string, string>>): EsteiraError =>
  new EsteiraError('ESTEIRA_USAGE', message, { facts });

/** The event topic that is meant. @throws EsteiraError ESTEIRA_USAGE */
const topicOf = ({ type, triggers }: JobDefinition<unknown>, wanted: string | undefined): string => {
  const topics = [...new Set(triggers.map(({ event }) => event.topic))];
  const [only, another] = topics;
  if (only === undefined)
    throw usage(`job type ${type} listens to no event: there is no window to run again`, { jobType: type });
  if (wanted !== undefined && topics.includes(wanted)) return wanted;
  if (wanted === undefined && another === undefined) return only;
  throw usage(
    wanted === undefined
      ? `job type ${type} listens to ${topics.join(' and ')}: say which with --topic`
      : `job type ${type} does not listen to ${wanted}: it listens to ${topics.join(' and ')}`,
    { jobType: type },
  );
};

/** The time of the first record from an offset on; null when there is none. */
const timeAt = async (
  admin: BrokerAdmin,
  topic: string,
  { partition, from, high }: WindowRange,
): Promise<number | null> => {
  let timeMs: number | null = null;
  if (from < high)
    await admin.read({ topic, partition, from, to: high }, ({ timestampMs }) => {
      timeMs = timestampMs;
      return false;
    });
  return timeMs;
};

interface DatedRange extends WindowRange {
  /** The time of its first record, epoch ms; null where there is none. */
  readonly firstAtMs: number | null;
}

/** What the topic does not hold any more; a partition that holds older records than the window wants has all of it. */
const missingOf = (ranges: readonly DatedRange[], fromMs: number | undefined): WindowFacts['missing'] =>
  ranges
    .filter(({ wanted, goneTo, firstAtMs }) => {
      if (wanted >= goneTo) return false;
      return fromMs === undefined || firstAtMs === null || firstAtMs >= fromMs;
    })
    .map(({ partition, wanted, goneTo, firstAtMs }) => ({
      ...{ partition, from: String(wanted), to: String(goneTo), firstAtMs },
    }));

const chunksOf = (ranges: readonly WindowRange[]): readonly PositionsValue[] => {
  const chunks: PositionsValue[] = [];
  for (const { partition, from, to } of ranges)
    for (let at = from; at < to; at += BigInt(CHUNK_POSITIONS)) {
      const count = Number(to - at < BigInt(CHUNK_POSITIONS) ? to - at : BigInt(CHUNK_POSITIONS));
      chunks.push({
        ...{ v: 1, kind: 'replay.positions', topic: 0, partition, count },
        offsets: packOffsetRange(at, count),
      });
    }
  return chunks;
};

const boundWords = (bounds: WindowBounds): string => {
  if ('offsets' in bounds)
    return [...bounds.offsets]
      .map(
        ([partition, { from, to }]) =>
          `partition ${partition} from offset ${from}${to === undefined ? '' : ` to ${to}`}`,
      )
      .join(', ');
  const { fromMs, toMs } = bounds;
  const to = toMs === undefined ? ' to its end' : ` to ${new Date(toMs).toISOString()}`;
  return `from ${new Date(fromMs).toISOString()}${to}`;
};

/** The state store's time; a fence is never behind it. */
const storeTimeMs = async ({ backend }: ReplayParts, jobType: string): Promise<number> => {
  const [state] = await backend.state.inspect([{ jobType, tenant: '', idempotencyKey: '' }]);
  if (state === undefined) throw new RangeError('asked one, answered none');
  return state.nowMs;
};

const sizeOf = (ranges: readonly WindowRange[]): number =>
  ranges.reduce((sum, { from, to }) => sum + Number(to - from), 0);

const missingWords = (missing: WindowFacts['missing']): string =>
  missing
    .map(({ partition, from, to }) => `offsets ${from} to ${to} of partition ${partition} are gone`)
    .join(', ');

const requireSize = (topic: string, total: number, missing: WindowFacts['missing']): void => {
  if (total > MOST_POSITIONS)
    throw refused(`the window holds ${total} records, more than ${MOST_POSITIONS}: choose shorter ones`, {
      topic,
    });
  if (total > 0) return;
  const gone = missing.length === 0 ? '' : `: ${missingWords(missing)}`;
  throw refused(`${topic} holds nothing of this window${gone}`, { topic });
};

const factsOf = async (
  parts: ReplayParts,
  { type, doneTtlMs }: JobDefinition<unknown>,
  ranges: readonly DatedRange[],
  { bounds, force = false }: WindowRequest,
): Promise<WindowFacts> => {
  const times = ranges.flatMap(({ from, to, firstAtMs }) => (from < to ? (firstAtMs ?? []) : []));
  return {
    ...{ force, doneTtlMs, madeAtMs: await storeTimeMs(parts, type) },
    oldestAtMs: times.length === 0 ? parts.clock.nowMs() : Math.min(...times),
    missing: missingOf(ranges, 'offsets' in bounds ? undefined : bounds.fromMs),
  };
};

/**
 * Makes a plan to run again, for one job type, what an event topic held: freezes which offsets these are, and stores
 * that on the control topic, audited first. It reads one record a partition; what the records are, a review says.
 *
 * @throws EsteiraError ESTEIRA_USAGE (which topic or partition), ESTEIRA_JOB_TYPE_UNKNOWN, ESTEIRA_TOPICS_DIFFER,
 *   ESTEIRA_OPERATOR_REFUSED (no right), ESTEIRA_REPLAY_REFUSED (no reason, nothing in it, too much, an end that is to
 *   come), ESTEIRA_AUDIT_UNAVAILABLE, ESTEIRA_STATE_UNAVAILABLE
 */
export const planWindow = async (parts: ReplayParts, request: WindowRequest): Promise<PlanFile> => {
  requireRole(parts, 'operator', 'plan a window');
  const reason = requireReason(request.reason);
  const { app, backend, clock } = parts;
  const { admin } = backend.broker;
  const [job] = jobTypesOf(app, request.jobType);
  if (job === undefined) throw new RangeError('a job type is known, and there is none');
  const topic = topicOf(job, request.topic);
  const found = await windowRanges(admin, topic, request.bounds, clock.nowMs());
  const ranges: DatedRange[] = [];
  for (const range of found) ranges.push({ ...range, firstAtMs: await timeAt(admin, topic, range) });
  const window = await factsOf(parts, job, ranges, request);
  const total = sizeOf(ranges);
  requireSize(topic, total, window.missing);
  const selection = `job type ${job.type}, ${topic} ${boundWords(request.bounds)}${window.force ? ', also what is done' : ''}`;
  const ends: PlanValue['topics'][number]['ends'] = ranges.map(({ partition, high }) => [
    partition,
    String(high),
  ]);
  return storePlan(parts, {
    value: {
      ...{ kind: 'window.plan', selection, topics: [{ topic, jobType: job.type, ends }], total, window },
      counts: { jobType: { [job.type]: total }, reason: {}, fingerprint: {}, tenant: {}, schema: {} },
      refused: [],
    },
    chunks: chunksOf(ranges),
    reason,
    details: { force: window.force ? 'yes' : 'no' },
  });
};
