import { randomId } from '../../core/ids.ts';
import type { JobDefinition } from '../../core/job.ts';
import type { OrderClaimRequest } from '../../core/ports/order-state.ts';
import type { Entry } from '../entry.ts';
import { driverOf } from './lane-driver.ts';
import { placedId, placeOf } from './placed.ts';

/**
 * What an entry of an ordered job type asks for at its turn, with a fresh run. One literal: each job asks, and a spread
 * cost as much as the rest of its claim.
 */
export const orderClaimRequestOf = (job: JobDefinition<unknown>, entry: Entry): OrderClaimRequest => {
  const { delivery } = entry;
  const driver = driverOf(entry);
  const known = driver.knownOf(entry);
  const { jobType, tenant, idempotencyKey, partition, orderKey, jobId, hop, place, where, ttlMs } = placedId(
    job,
    entry,
  );
  const request = {
    jobType,
    tenant,
    idempotencyKey,
    partition,
    orderKey,
    jobId,
    hop,
    place,
    where,
    ttlMs,
    waitingPartition: placeOf(entry).waitingPartition,
    parkedEnd: driver.parkedEnd,
    origin: delivery.origin,
    attempt: delivery.job.attempt,
    starts: delivery.job.starts,
    maxAttempts: job.retry.attempts,
    maxStarts: job.maxStarts,
    leaseMs: job.leaseMs,
    replaysOver: driver.replaysOver(entry),
    run: randomId(),
  };
  return known === undefined ? request : { ...request, known };
};
