import type { ErrorCode } from '../../core/errors.ts';
import type { TopicPartition } from '../../core/record.ts';
import { brokerError, traitsOf } from './errors.ts';
import type { ProduceRow } from './produce-request.ts';
import { NotSent } from './produce-transport.ts';

/** What an attempt to write a batch came to. */
export type Verdict =
  | { readonly kind: 'written'; readonly baseOffset: bigint }
  /** Not confirmed: to be sent again unchanged. `maybeWritten` when it may be in the log already. */
  | {
      readonly kind: 'again';
      readonly why: string;
      readonly maybeWritten: boolean;
      readonly topicUnknown: boolean;
    }
  /** The broker does not know this producer id or its sequence: only a fresh id can go on. */
  | { readonly kind: 'new-identity'; readonly why: string }
  | { readonly kind: 'too-large' }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly why: string };

const TOO_LARGE = new Set([10, 18]);
const TOPIC_UNKNOWN = 3;

/** OUT_OF_ORDER_SEQUENCE_NUMBER, DUPLICATE_SEQUENCE_NUMBER, INVALID_PRODUCER_EPOCH, INVALID_PRODUCER_ID_MAPPING, UNKNOWN_PRODUCER_ID, PRODUCER_FENCED */
const IDENTITY_LOST = new Set([45, 46, 47, 49, 59, 90]);

/** Answers that no repetition changes: invalid topic, not authorised, invalid time or record, policy, version. */
const REFUSED = new Set([17, 21, 29, 31, 32, 35, 43, 44, 54, 76, 87]);

const verdictOfCode = (code: number): Verdict => {
  if (TOO_LARGE.has(code)) return { kind: 'too-large' };
  const why = `Kafka error ${code}`;
  if (IDENTITY_LOST.has(code)) return { kind: 'new-identity', why };
  if (REFUSED.has(code)) return { kind: 'refused', code: 'ESTEIRA_BROKER_REFUSED', why };
  // Even "not the leader" may come after the append, when leadership moved while it waited for the replicas.
  return { kind: 'again', why, maybeWritten: true, topicUnknown: code === TOPIC_UNKNOWN };
};

/** Judges an answer: written only if it is exactly the row of the partition, without error, with an offset. */
export const verdictOfRows = (at: TopicPartition, rows: readonly ProduceRow[]): Verdict => {
  const [row] = rows;
  if (rows.length !== 1 || row === undefined || row.topic !== at.topic || row.partition !== at.partition)
    return {
      kind: 'again',
      why: 'answer without the row of the partition',
      maybeWritten: true,
      topicUnknown: false,
    };
  if (row.errorCode !== 0) return verdictOfCode(row.errorCode);
  // An offset of -1 means a duplicate the broker no longer has the place of.
  if (row.baseOffset < 0n) return { kind: 'new-identity', why: 'answer without an offset' };
  return { kind: 'written', baseOffset: row.baseOffset };
};

/** Judges an attempt that ended in an error of the client. */
export const verdictOfError = (error: unknown): Verdict => {
  const maybeWritten = !(error instanceof NotSent);
  const { type, name } = traitsOf(error);
  const why = type ?? name;
  if (brokerError('', error).code === 'ESTEIRA_BROKER_REFUSED' && !maybeWritten)
    return { kind: 'refused', code: 'ESTEIRA_BROKER_REFUSED', why };
  return { kind: 'again', why, maybeWritten, topicUnknown: type === 'UNKNOWN_TOPIC_OR_PARTITION' };
};
