import { parseEnvelope } from '../../core/envelope.ts';
import type { BrokerAdmin, OffsetRange } from '../../core/ports/broker.ts';
import type { RecordPosition } from '../../core/record.ts';
import type { BatchValue } from './control-values.ts';

/** A copy that a replay has written. */
export interface FoundCopy {
  readonly at: RecordPosition;
  /** Whether it is this replay that forces it: a dead letter may keep the force of an earlier one. */
  readonly isForced: boolean;
}

/** What a part of the ledger that was left open had come to. */
export interface FoundCopies {
  /** By the position of the record they are of. */
  readonly copies: ReadonlyMap<string, FoundCopy>;
  /** Whether some of the inbox records of that time are gone, so that copies may have been missed. */
  readonly isUncertain: boolean;
}

/** The ends of an inbox before anything of a batch is written there. */
export const endsOf = async (admin: BrokerAdmin, topic: string): Promise<BatchValue['inboxes'][number]> => {
  const ranges = await admin.offsetRanges(topic);
  return { topic, ends: ranges.map(({ partition, high }) => [partition, String(high)]) };
};

/** Whether the replay id stands in the headers: read before they are parsed, since a live inbox is full of others. */
const isOf = (headers: readonly (readonly [string, Buffer | null])[], id: Buffer): boolean =>
  headers.some(([name, value]) => name === 'job-replay-id' && value !== null && value.equals(id));

/**
 * Looks for copies that a replay has written beyond these ends. A copy says in its headers which replay it is of and
 * which record it is of.
 *
 * @throws EsteiraError ESTEIRA_TOPICS_DIFFER, ESTEIRA_BROKER_UNAVAILABLE
 */
export const findReplayed = async (
  admin: BrokerAdmin,
  planId: string,
  { inboxes }: Pick<BatchValue, 'inboxes'>,
  wanted: ReadonlySet<string>,
): Promise<FoundCopies> => {
  const id = Buffer.from(planId);
  const copies = new Map<string, FoundCopy>();
  let isUncertain = false;
  const scan = (range: OffsetRange, from: bigint): Promise<void> =>
    admin.read({ topic: range.topic, partition: range.partition, from, to: range.high }, (record) => {
      if (!isOf(record.headers, id)) return true;
      const { replayOf = '', forcedBy } = parseEnvelope(record.headers, true).job ?? {};
      const { topic, partition, offset } = record;
      if (wanted.has(replayOf) && !copies.has(replayOf))
        copies.set(replayOf, { at: { topic, partition, offset }, isForced: forcedBy === planId });
      return copies.size < wanted.size;
    });
  for (const { topic, ends } of inboxes) {
    const known = new Map(ends.map(([partition, end]) => [partition, BigInt(end)]));
    for (const range of await admin.offsetRanges(topic)) {
      const end = known.get(range.partition) ?? 0n;
      isUncertain ||= range.low > end;
      const from = range.low > end ? range.low : end;
      if (from < range.high && copies.size < wanted.size) await scan(range, from);
    }
  }
  return { copies, isUncertain };
};
