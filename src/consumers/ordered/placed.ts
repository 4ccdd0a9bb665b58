import type { JobDefinition } from '../../core/job.ts';
import { placeOfTurn } from '../../core/order/replay-turn.ts';
import type { PlacedId, SequenceId } from '../../core/ports/order-state.ts';
import type { Delivery, OrderedPlace } from '../delivery.ts';
import type { Entry } from '../entry.ts';

/** Where an entry of an ordered type stands. */
export const placeOf = ({ delivery }: Entry): OrderedPlace => {
  const { order } = delivery;
  if (order === undefined) throw new TypeError(`record ${delivery.position} has no place in an order`);
  return order;
};

/** The sequence of a delivery. */
export const sequenceOf = (delivery: Delivery, order: OrderedPlace): SequenceId => ({
  jobType: delivery.claim.jobType,
  tenant: delivery.claim.tenant,
  partition: order.partition,
  orderKey: order.orderKey,
});

/** Who an entry is to the store of ordered types. */
export const placedId = (job: JobDefinition<unknown>, entry: Entry): PlacedId => {
  const { delivery } = entry;
  const order = placeOf(entry);
  return {
    jobType: delivery.claim.jobType,
    tenant: delivery.claim.tenant,
    idempotencyKey: delivery.claim.idempotencyKey,
    partition: order.partition,
    orderKey: order.orderKey,
    jobId: delivery.job.id,
    hop: delivery.job.hop,
    place: order.turn === undefined ? order.place : placeOfTurn(order.turn),
    where: order.where,
    ttlMs: job.doneTtlMs,
  };
};
