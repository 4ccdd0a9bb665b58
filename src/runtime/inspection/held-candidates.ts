import { scanDeadLetters } from '../../consumers/dead-letters/scan.ts';
import type { AppDefinition } from '../../core/app.ts';
import type { JobDefinition } from '../../core/job.ts';
import { partitionForKey } from '../../core/murmur2.ts';
import { names } from '../../core/names.ts';
import type { BrokerAdmin } from '../../core/ports/broker.ts';
import type { SequenceId } from '../../core/ports/order-state.ts';
import { parsePosition } from '../../core/record.ts';
import { UNKNOWN_TENANT } from '../../core/tenants.ts';
import { sequenceName } from './sequence-scan.ts';

/** A sequence that a dead letter may have put under a hold. */
export interface HeldCandidate {
  readonly id: SequenceId;
  /** The ordering key as the dead letter has it; that of `order: 'key'` is the record key in base64. */
  readonly key: string;
  /** When the last of it died that did not die behind another, epoch ms. */
  readonly diedAtMs: number;
}

/**
 * The sequences whose records have died. A hold is kept in the store with the sequence, and the store has no list: the
 * dead letters are where to look. Dead letters of long ordering keys do not carry them, and are left out.
 *
 * @throws EsteiraError ESTEIRA_TOPICS_DIFFER, ESTEIRA_BROKER_UNAVAILABLE
 */
export const findHeldCandidates = async (
  app: AppDefinition,
  admin: BrokerAdmin,
  job: JobDefinition<unknown>,
  sinceMs: number,
): Promise<readonly HeldCandidate[]> => {
  const found = new Map<string, HeldCandidate>();
  const inbox = names.inbox(app.name, job.type);
  const inboxPartitions = (await admin.offsetRanges(inbox)).length;
  await scanDeadLetters(app, admin, [job], { sinceMs }, ({ envelope, deadAtMs }) => {
    const { job: headers, tenant = UNKNOWN_TENANT } = envelope;
    if (headers?.orderKey === undefined || headers.deadReason === 'behind_dead_letter') return;
    const { orderKey } = headers;
    const origin = parsePosition(headers.origin ?? '');
    // A replay has its place on the inbox, whatever its origin.
    const onInbox = { topic: inbox, partition: partitionForKey(Buffer.from(orderKey), inboxPartitions) };
    for (const at of [onInbox, ...(origin === undefined ? [] : [origin])]) {
      const id = { jobType: job.type, tenant, orderKey, partition: `${at.topic}/${at.partition}` };
      found.set(sequenceName(id), { id, key: orderKey, diedAtMs: deadAtMs });
    }
  });
  return [...found.values()];
};
