import { randomUUID } from 'node:crypto';
import type {
  DeadRequest,
  FailRequest,
  OrderClaimAnswer,
  OrderClaimRequest,
  OrderCompleteRequest,
  OrderedStateStore,
  ParkRequest,
  PlacedId,
  SequenceId,
  SequenceState,
} from '../../../src/core/ports/order-state.ts';
import { LONG_MS, one } from './fixture.ts';

/** A sequence that no other test knows. */
export const aSequence = (over: Partial<SequenceId> = {}): SequenceId => ({
  jobType: 'post-entry',
  tenant: `acme-${randomUUID()}`,
  partition: 'billing.events/3',
  orderKey: 'account-7',
  ...over,
});

/** The record at a place of a sequence: an event and an idempotency key of its own. */
export const recordAt = (
  sequence: SequenceId,
  place: number,
  where: PlacedId['where'] = 'direct',
): PlacedId => {
  const id = `${sequence.tenant}-${sequence.partition}-${sequence.orderKey}-${place}`;
  return { ...sequence, place, where, idempotencyKey: id, jobId: `job-${id}`, hop: 0, ttlMs: LONG_MS };
};

const originOf = ({ partition, place }: PlacedId): string => `${partition}/${place}`;

/** A claim with a long lease, from a worker that knows of nothing parked. */
export const orderClaimOf = (record: PlacedId, over: Partial<OrderClaimRequest> = {}): OrderClaimRequest => ({
  ...record,
  origin: originOf(record),
  waitingPartition: 3,
  parkedEnd: 0,
  attempt: 1,
  starts: 0,
  maxAttempts: 3,
  maxStarts: 5,
  leaseMs: LONG_MS,
  run: randomUUID(),
  ...over,
});

export const parkOf = (record: PlacedId, over: Partial<ParkRequest> = {}): ParkRequest => ({
  ...record,
  waitingPartition: 3,
  parkedEnd: 0,
  ...over,
});

export const failOf = (record: PlacedId, fence: number, over: Partial<FailRequest> = {}): FailRequest => ({
  ...record,
  ...{ fence, attempt: 2, delayMs: 0, leaseMs: LONG_MS },
  ...over,
});

export const orderCompleteOf = (
  record: PlacedId,
  fence: number,
  over: Partial<OrderCompleteRequest> = {},
): OrderCompleteRequest => ({
  ...record,
  ...{ fence, origin: originOf(record), event: Buffer.from('completed'), doneTtlMs: LONG_MS },
  ...over,
});

export const deadOf = (record: PlacedId, fence: number, over: Partial<DeadRequest> = {}): DeadRequest => ({
  ...record,
  ...{ fence, origin: originOf(record), hold: false, deadTtlMs: LONG_MS },
  ...over,
});

/** Claims and gives back what was answered. */
export const orderClaim = (
  store: OrderedStateStore,
  record: PlacedId,
  over: Partial<OrderClaimRequest> = {},
): Promise<OrderClaimAnswer> => one(store.order.claim([orderClaimOf(record, over)]));

/** Claims, and fails unless the claim was given; its fence. */
export const runOf = async (
  store: OrderedStateStore,
  record: PlacedId,
  over: Partial<OrderClaimRequest> = {},
): Promise<Extract<OrderClaimAnswer, { kind: 'run' }>> => {
  const answer = await orderClaim(store, record, over);
  if (answer.kind !== 'run') throw new Error(`the claim was answered ${JSON.stringify(answer)}`);
  return answer;
};

/** Claims for a dead letter, and fails unless that was answered. */
export const deathOf = async (
  store: OrderedStateStore,
  record: PlacedId,
): Promise<Extract<OrderClaimAnswer, { kind: 'dead' }>> => {
  const answer = await orderClaim(store, record);
  if (answer.kind !== 'dead') throw new Error(`the claim was answered ${JSON.stringify(answer)}`);
  return answer;
};

/** Claims and completes. */
export const finish = async (store: OrderedStateStore, record: PlacedId): Promise<void> => {
  const { fence } = await runOf(store, record);
  const answer = await one(store.order.complete([orderCompleteOf(record, fence)]));
  if (answer !== 'completed') throw new Error(`the completion was answered ${answer}`);
};

export const park = (store: OrderedStateStore, record: PlacedId, over: Partial<ParkRequest> = {}) =>
  one(store.order.park([parkOf(record, over)]));

export const inspect = (store: OrderedStateStore, sequence: SequenceId): Promise<SequenceState> =>
  one(store.order.inspect([sequence]));
