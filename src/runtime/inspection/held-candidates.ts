import type { AppDefinition } from '../../core/app.ts';
import { parseEnvelope } from '../../core/envelope.ts';
import { inboxesOf, inboxFor } from '../../core/inbox.ts';
import type { JobDefinition } from '../../core/job.ts';
import { partitionForKey } from '../../core/murmur2.ts';
import { names } from '../../core/names.ts';
import { orderKeyText } from '../../core/order-key.ts';
import type { BrokerAdmin } from '../../core/ports/broker.ts';
import type { SequenceId } from '../../core/ports/order-state.ts';
import { type ConsumedRecord, parsePosition } from '../../core/record.ts';
import { UNKNOWN_TENANT } from '../../core/tenants.ts';
import type { ReadBudget } from './read-budget.ts';
import { sequenceName } from './sequence-scan.ts';

/** A sequence that a dead letter may have put under a hold. */
export interface HeldCandidate {
  readonly id: SequenceId;
  /** The ordering key as people know it. */
  readonly key: string;
  /** When the last of it died that did not die behind another, epoch ms. */
  readonly diedAtMs: number;
}

interface Inboxes {
  readonly ns: string;
  readonly job: JobDefinition<unknown>;
  /** Partitions of each inbox. */
  readonly partitions: ReadonlyMap<string, number>;
}

/** Where a dead letter had its place: as it says, or (before it did) at its origin, or, replayed, on an inbox. */
const candidatesOf = (
  { ns, job: owner, partitions }: Inboxes,
  { key, headers: raw, timestampMs }: ConsumedRecord,
): readonly HeldCandidate[] => {
  const { job, tenant = UNKNOWN_TENANT } = parseEnvelope(raw, true);
  const orderKey = job?.orderKey ?? key?.toString('base64');
  if (job === undefined || orderKey === undefined || job.deadReason === 'behind_dead_letter') return [];
  const routed = job.orderKey === undefined ? (key ?? Buffer.alloc(0)) : Buffer.from(job.orderKey);
  const topic = inboxFor(ns, owner, tenant, job.priority);
  const replayed = { topic, partition: partitionForKey(routed, partitions.get(topic) ?? 1) };
  return [replayed, parsePosition(job.place ?? job.origin ?? '')].flatMap((at) =>
    at === undefined
      ? []
      : [
          {
            id: { jobType: owner.type, tenant, orderKey, partition: `${at.topic}/${at.partition}` },
            key: orderKeyText(orderKey, key),
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
  job: JobDefinition<unknown>,
  sinceMs: number,
  budget: ReadBudget,
): Promise<readonly HeldCandidate[]> => {
  const found = new Map<string, HeldCandidate>();
  const topic = names.deadLetters(app.name, job.type);
  const partitions = new Map<string, number>();
  for (const inbox of inboxesOf(app.name, job))
    partitions.set(inbox, (await admin.offsetRanges(inbox)).length);
  const inboxes = { ns: app.name, job, partitions };
  const starts = new Map((await admin.offsetsAt(topic, sinceMs)).map((at) => [at.partition, at.offset]));
  for (const { partition, low, high } of await admin.offsetRanges(topic)) {
    const from = budget.beginningOf(starts.get(partition) ?? low, high);
    await admin.read({ topic, partition, from, to: high }, (record) => {
      budget.spend();
      for (const one of candidatesOf(inboxes, record)) found.set(sequenceName(one.id), one);
      return true;
    });
  }
  return [...found.values()];
};
