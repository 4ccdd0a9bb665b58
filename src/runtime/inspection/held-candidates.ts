import type { AppDefinition } from '../../core/app.ts';
import { parseEnvelope } from '../../core/envelope.ts';
import type { JobDefinition } from '../../core/job.ts';
import { partitionForKey } from '../../core/murmur2.ts';
import { names } from '../../core/names.ts';
import type { BrokerAdmin } from '../../core/ports/broker.ts';
import type { SequenceId } from '../../core/ports/order-state.ts';
import { type ConsumedRecord, parsePosition } from '../../core/record.ts';
import { UNKNOWN_TENANT } from '../../core/tenants.ts';
import type { ReadBudget } from './read-budget.ts';
import { keyText, sequenceName } from './sequence-scan.ts';

/** A sequence that a dead letter may have put under a hold. */
export interface HeldCandidate {
  readonly id: SequenceId;
  /** The ordering key as people know it. */
  readonly key: string;
  /** When the last of it died that did not die behind another, epoch ms. */
  readonly diedAtMs: number;
}

/** Where a dead letter had its place: at its origin, or, replayed, on the inbox. */
const candidatesOf = (
  jobType: string,
  inbox: { readonly topic: string; readonly partitions: number },
  { key, headers: raw, timestampMs }: ConsumedRecord,
): readonly HeldCandidate[] => {
  const { job, tenant = UNKNOWN_TENANT } = parseEnvelope(raw, true);
  const orderKey = job?.orderKey ?? key?.toString('base64');
  if (job === undefined || orderKey === undefined || job.deadReason === 'behind_dead_letter') return [];
  const routed = job.orderKey === undefined ? (key ?? Buffer.alloc(0)) : Buffer.from(job.orderKey);
  const replayed = { topic: inbox.topic, partition: partitionForKey(routed, inbox.partitions) };
  return [replayed, parsePosition(job.origin ?? '')].flatMap((at) =>
    at === undefined
      ? []
      : [
          {
            id: { jobType, tenant, orderKey, partition: `${at.topic}/${at.partition}` },
            key: keyText(orderKey, key),
            diedAtMs: timestampMs,
          },
        ],
  );
};

/**
 * The sequences of a job type whose records have died since a time. A hold is kept in the store with its sequence, and
 * the store has no list: the dead letters are where to look. One whose ordering key is above 256 bytes does not carry
 * it, and is not found.
 *
 * @throws EsteiraError ESTEIRA_TOPICS_DIFFER, ESTEIRA_BROKER_UNAVAILABLE
 */
export const findHeldCandidates = async (
  app: AppDefinition,
  admin: BrokerAdmin,
  { type }: JobDefinition<unknown>,
  sinceMs: number,
  budget: ReadBudget,
): Promise<readonly HeldCandidate[]> => {
  const found = new Map<string, HeldCandidate>();
  const topic = names.deadLetters(app.name, type);
  const inboxTopic = names.inbox(app.name, type);
  const inbox = { topic: inboxTopic, partitions: (await admin.offsetRanges(inboxTopic)).length };
  const starts = new Map((await admin.offsetsAt(topic, sinceMs)).map((at) => [at.partition, at.offset]));
  for (const { partition, low, high } of await admin.offsetRanges(topic)) {
    const from = budget.beginningOf(starts.get(partition) ?? low, high);
    await admin.read({ topic, partition, from, to: high }, (record) => {
      budget.spend();
      for (const one of candidatesOf(type, inbox, record)) found.set(sequenceName(one.id), one);
      return true;
    });
  }
  return [...found.values()];
};
