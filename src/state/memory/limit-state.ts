import type {
  LimitStore,
  LockAnswer,
  LockOwner,
  LockRequest,
  TakeStartsAnswer,
  TakeStartsRequest,
} from '../../core/ports/limits.ts';
import { rateMemoryMs, takeStarts } from '../../core/start-rate.ts';
import { lifetimeMs } from '../durations.ts';
import { silently } from '../silently.ts';
import { acquire, releaseSlots, renewSlots } from './limit-slots.ts';
import type { EachRequest } from './order-state.ts';
import type { StateTable } from './state-table.ts';

// The same rules as src/state/redis/limit-lock-scripts.ts and limit-rate-script.ts.

/** Slots, start rates and locks in this process's memory. */
export const memoryLimits = (each: EachRequest): LimitStore => ({
  acquire: each(acquire),
  renewSlots: each(renewSlots),
  releaseSlots: silently(each(releaseSlots)),
  takeStarts: each(take),
  lock: each(lock),
  renewLocks: each(renewLock),
  unlock: silently(each(unlock)),
});

const take = (table: StateTable, request: TakeStartsRequest): TakeStartsAnswer => {
  const nowMs = table.nowMs();
  const taken = takeStarts(request.rate, table.limits.rate(request), request.wanted, nowMs);
  table.limits.setRate(request, taken.state, rateMemoryMs(request.rate));
  return { granted: taken.granted, nextMs: nowMs + taken.waitMs, nowMs };
};

const lock = (table: StateTable, request: LockRequest): LockAnswer => {
  const nowMs = table.nowMs();
  const held = table.limits.lock(request);
  if (held !== undefined && held.owner !== request.owner) {
    return { kind: 'held', untilMs: held.untilMs, nowMs };
  }
  const ttlMs = Math.max(lifetimeMs(request.ttlMs), (held?.untilMs ?? 0) - nowMs);
  table.limits.setLock(request, request.owner, nowMs + ttlMs, ttlMs);
  return { kind: 'locked' };
};

const renewLock = (table: StateTable, request: LockRequest): 'renewed' | 'gone' =>
  lock(table, request).kind === 'locked' ? 'renewed' : 'gone';

const unlock = (table: StateTable, request: LockOwner): void => {
  if (table.limits.lock(request)?.owner === request.owner) table.limits.deleteLock(request);
};
