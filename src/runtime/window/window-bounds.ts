import { EsteiraError } from '../../core/errors.ts';
import type { BrokerAdmin, OffsetRange } from '../../core/ports/broker.ts';
import { refused } from '../replay/replay-parts.ts';

/** From when, or from which offsets, up to when. */
export type WindowBounds =
  | {
      /** Epoch ms; the first record of that time or later. */
      readonly fromMs: number;
      /** Epoch ms, excluded; default: to the end of the topic as it stands. */
      readonly toMs?: number;
    }
  | {
      /** By partition; those that are not named are no part of the window. */
      readonly offsets: ReadonlyMap<number, OffsetBounds>;
    };

export interface OffsetBounds {
  readonly from: bigint;
  /** Excluded; default: the end of the partition as it stands. */
  readonly to?: bigint;
}

/** What a window holds of one partition. */
export interface WindowRange {
  readonly partition: number;
  /** The first offset that is in the topic. */
  readonly from: bigint;
  /** Excluded; `from` where nothing is left. */
  readonly to: bigint;
  /** Where the window begins: below `from` where the topic does not hold its beginning any more. */
  readonly wanted: bigint;
  /** Where what the topic does not hold any more ends; `wanted` where it holds all. */
  readonly goneTo: bigint;
  /** End of the partition. */
  readonly high: bigint;
}

const iso = (ms: number): string => new Date(ms).toISOString();

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const most = (a: bigint, b: bigint): bigint => (a > b ? a : b);

const rangeOf = ({ partition, low, high }: OffsetRange, wanted: bigint, end: bigint): WindowRange => {
  const from = most(wanted, low);
  return { partition, wanted, high, from, to: most(end, from), goneTo: most(wanted, least(low, end)) };
};

const byTime = async (
  admin: BrokerAdmin,
  topic: string,
  { fromMs, toMs = Number.POSITIVE_INFINITY }: { readonly fromMs: number; readonly toMs?: number },
  nowMs: number,
): Promise<readonly WindowRange[]> => {
  if (Number.isFinite(toMs) && toMs > nowMs)
    throw refused(
      `the window ends at ${iso(toMs)}, which is to come: a plan holds what stands in the topic; leave the end out for all of it`,
    );
  if (fromMs >= toMs)
    throw refused(`the window begins at ${iso(fromMs)} and ends at ${iso(toMs)}: it is empty`);
  const [starts, ends] = await Promise.all([
    admin.offsetsAt(topic, fromMs),
    Number.isFinite(toMs) ? admin.offsetsAt(topic, toMs) : [],
  ]);
  const at = (found: typeof starts, partition: number): bigint | undefined =>
    found.find((one) => one.partition === partition)?.offset;
  const ranges = await admin.offsetRanges(topic);
  return ranges.map((range) => {
    const start = at(starts, range.partition) ?? range.low;
    // Where the topic begins behind offset 0, what stood before may have been in the window too.
    const wanted = start <= range.low ? 0n : start;
    return rangeOf(range, wanted, at(ends, range.partition) ?? range.high);
  });
};

const byOffset = async (
  admin: BrokerAdmin,
  topic: string,
  offsets: ReadonlyMap<number, OffsetBounds>,
): Promise<readonly WindowRange[]> => {
  const ranges = new Map((await admin.offsetRanges(topic)).map((range) => [range.partition, range]));
  return [...offsets].map(([partition, { from, to }]) => {
    const range = ranges.get(partition);
    if (range === undefined)
      throw new EsteiraError(
        'ESTEIRA_USAGE',
        `${topic} has no partition ${partition}: it has ${ranges.size}`,
        {
          facts: { topic, partition },
        },
      );
    const end = to ?? range.high;
    if (end > range.high)
      throw refused(
        `the window ends at offset ${end} of ${topic}/${partition}, which ends at ${range.high}: a plan holds what stands in the topic`,
        { topic, partition },
      );
    if (from >= end)
      throw refused(
        `the window of ${topic}/${partition} begins at offset ${from} and ends at ${end}: it is empty`,
      );
    return rangeOf(range, from, end);
  });
};

/**
 * What a topic holds of a window now, partition by partition.
 *
 * @throws EsteiraError ESTEIRA_USAGE (no such partition), ESTEIRA_REPLAY_REFUSED (it ends behind the end of the topic, or
 *   before it begins), ESTEIRA_SERVICE_UNREACHABLE
 */
export const windowRanges = (
  admin: BrokerAdmin,
  topic: string,
  bounds: WindowBounds,
  nowMs: number,
): Promise<readonly WindowRange[]> =>
  'offsets' in bounds ? byOffset(admin, topic, bounds.offsets) : byTime(admin, topic, bounds, nowMs);
