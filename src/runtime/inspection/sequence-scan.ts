import type { AppDefinition } from '../../core/app.ts';
import { parseEnvelope } from '../../core/envelope.ts';
import type { JobDefinition } from '../../core/job.ts';
import { names } from '../../core/names.ts';
import { orderKeyText } from '../../core/order-key.ts';
import type { BrokerAdmin } from '../../core/ports/broker.ts';
import type { SequenceId } from '../../core/ports/order-state.ts';
import { type ConsumedRecord, parsePosition, type RecordPosition } from '../../core/record.ts';
import { UNKNOWN_TENANT } from '../../core/tenants.ts';
import { lagOf } from './group-lag.ts';
import type { ReadBudget } from './read-budget.ts';

/** A copy on the waiting topic, without its bytes. */
export interface ParkedCopy {
  /** Where it stands on the waiting topic. */
  readonly at: RecordPosition;
  /** Its place: the offset of the record it is a copy of. */
  readonly place: number;
  readonly jobId: string;
  /** When it was parked, epoch ms. */
  readonly parkedAtMs: number;
}

/** What stands on the waiting topic of one ordering key, settled or not. */
export interface ParkedSequence {
  readonly id: SequenceId;
  /** The ordering key as people know it. */
  readonly key: string;
  /** By place, each place once. */
  readonly copies: Map<number, ParkedCopy>;
}

/** One name for each sequence of a job type. */
export const sequenceName = ({ partition, tenant, orderKey }: SequenceId): string =>
  JSON.stringify([partition, tenant, orderKey]);

const addCopy = (found: Map<string, ParkedSequence>, jobType: string, record: ConsumedRecord): void => {
  const { job, tenant = UNKNOWN_TENANT } = parseEnvelope(record.headers, true);
  const place = job?.place === undefined ? undefined : parsePosition(job.place);
  // A replay of a held sequence has ended at its place before: it waits for its turn and is not parked.
  if (job?.orderKey === undefined || place === undefined || job.replayTurn !== undefined) return;
  const { orderKey } = job;
  const id = { jobType, tenant, orderKey, partition: `${place.topic}/${place.partition}` };
  const name = sequenceName(id);
  const sequence = found.get(name) ?? { id, key: orderKeyText(orderKey, record.key), copies: new Map() };
  found.set(name, sequence);
  const at = { topic: record.topic, partition: record.partition, offset: record.offset };
  const copy = { at, place: Number(place.offset), jobId: job.id, parkedAtMs: record.timestampMs };
  if (!sequence.copies.has(copy.place)) sequence.copies.set(copy.place, copy);
};

/**
 * The sequences that have copies on the waiting topic above the group's committed offset: some of the copies may have
 * been settled already.
 *
 * @throws EsteiraError ESTEIRA_BROKER_UNAVAILABLE, ESTEIRA_TOPICS_DIFFER
 */
export const scanSequences = async (
  app: AppDefinition,
  admin: BrokerAdmin,
  { type }: JobDefinition<unknown>,
  budget: ReadBudget,
): Promise<readonly ParkedSequence[]> => {
  const found = new Map<string, ParkedSequence>();
  const { partitions } = await lagOf(admin, names.jobGroup(app.name, type), names.waiting(app.name, type));
  for (const { topic, partition, next, high } of partitions) {
    if (next >= high) continue;
    await admin.read({ topic, partition, from: next, to: budget.endOf(next, high) }, (record) => {
      budget.spend();
      addCopy(found, type, record);
      return true;
    });
  }
  return [...found.values()];
};
