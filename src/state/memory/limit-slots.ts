import {
  type AcquireAnswer,
  type AcquireRequest,
  ASK_AGAIN_MS,
  type RenewSlotsAnswer,
  type RenewSlotsRequest,
  type SlotsId,
  WAITING_MS,
} from '../../core/ports/limits.ts';
import { wholeMs } from '../durations.ts';
import type { Slots } from './limit-table.ts';
import type { StateTable } from './state-table.ts';

// The same rules as src/state/redis/limit-slot-scripts.ts, in the same order.

/** Gives slots as far as there are some, and as far as those who were refused before do not come first. */
export const acquire = (table: StateTable, request: AcquireRequest): AcquireAnswer => {
  const nowMs = table.nowMs();
  const slots = table.limits.slots(request);
  const freed = dropUntil(slots.holders, nowMs);
  dropUntil(slots.waiting, nowMs - WAITING_MS);
  let left = request.most - slots.holders.size - aheadOf(slots, request.asker);
  const granted = request.holders.filter((holder) => {
    const isNew = !slots.holders.has(holder);
    if (isNew && left <= 0) return false;
    if (isNew) left -= 1;
    extend(slots, holder, nowMs + wholeMs(request.leaseMs));
    return true;
  });
  const refused = granted.length < request.holders.length;
  wait(slots, request.asker, refused, granted.length > 0, nowMs);
  const retryAtMs = refused ? firstEnd(slots, nowMs + ASK_AGAIN_MS) : nowMs;
  const answer = { granted, freed, used: slots.holders.size, retryAtMs, nowMs };
  table.limits.forgetIfEmpty(request);
  return answer;
};

/** Extends leases, and takes back what was freed. */
export const renewSlots = (table: StateTable, request: RenewSlotsRequest): RenewSlotsAnswer => {
  const nowMs = table.nowMs();
  const slots = table.limits.slots(request);
  const lost = request.holders.filter((holder) => !slots.holders.has(holder));
  for (const holder of request.holders) extend(slots, holder, nowMs + wholeMs(request.leaseMs));
  dropUntil(slots.waiting, nowMs - WAITING_MS);
  return { lost, waiting: slots.waiting.size };
};

/** Gives slots back. */
export const releaseSlots = (table: StateTable, request: SlotsId): void => {
  const slots = table.limits.slots(request);
  for (const holder of request.holders) slots.holders.delete(holder);
  table.limits.forgetIfEmpty(request);
};

/** Drops what ended at `ms` or before; answers how many. */
const dropUntil = (ends: Map<string, number>, ms: number): number => {
  const over = [...ends].filter(([, endMs]) => endMs <= ms);
  for (const [name] of over) ends.delete(name);
  return over.length;
};

const firstEnd = ({ holders }: Slots, otherwiseMs: number): number => {
  let first = otherwiseMs;
  for (const endMs of holders.values()) first = Math.min(first, endMs);
  return first;
};

/** Each of those who were refused earlier keeps one slot. */
const aheadOf = ({ waiting }: Slots, asker: string): number => {
  const place = [...waiting.keys()].indexOf(asker);
  return place === -1 ? waiting.size : place;
};

const extend = ({ holders }: Slots, holder: string, untilMs: number): void => {
  holders.set(holder, Math.max(untilMs, holders.get(holder) ?? 0));
};

/** Who got some and wants more stands at the end again; who wants no more stands nowhere. */
const wait = ({ waiting }: Slots, asker: string, refused: boolean, gotSome: boolean, nowMs: number): void => {
  if (!refused || gotSome) waiting.delete(asker);
  if (refused) waiting.set(asker, nowMs);
};
