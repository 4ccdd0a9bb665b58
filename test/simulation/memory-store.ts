import type { Clock } from '../../src/core/clock.ts';
import type {
  BeginReplayAnswer,
  BeginReplayRequest,
  OrderClaimAnswer,
  OrderClaimRequest,
} from '../../src/core/ports/order-state.ts';
import { release, renew } from '../../src/state/memory/claim-rules.ts';
import { claimInOrder } from '../../src/state/memory/order-claim-rules.ts';
import {
  completeInOrder,
  dead,
  fail,
  inspect,
  lift,
  park,
  register,
} from '../../src/state/memory/order-settlement-rules.ts';
import { begin, cancel, prepare } from '../../src/state/memory/replay-rules.ts';
import { JournaledTable } from './journaled-table.ts';
import type { Plan } from './plan.ts';
import type { SimStore } from './store.ts';

const TTL_MS = 1e10;

/** The rules of the memory store on a table that can lose writes; without those that the plan switches off. */
export const memoryStore = (clock: Clock, { without }: Pick<Plan, 'without'>): SimStore =>
  storeOn(new JournaledTable(clock), without);

/** The same with the time of a Redis server, whose scripts decide by whole ms. */
export const memoryStoreInWholeMs = (clock: Clock, plan: Pick<Plan, 'without'>): SimStore =>
  memoryStore({ ...clock, nowMs: () => Math.floor(Math.floor(clock.nowMs() * 1000) / 1000) }, plan);

const storeOn = (table: JournaledTable, without: Plan['without']): SimStore => {
  const each =
    <Request, Answer>(rule: (table: JournaledTable, request: Request) => Answer) =>
    (requests: readonly Request[]): readonly Answer[] =>
      requests.map((request) => rule(table, request));
  const silently =
    <Request>(rule: (table: JournaledTable, request: Request) => unknown) =>
    (requests: readonly Request[]): void => {
      for (const request of requests) rule(table, request);
    };
  return {
    claim: each(without.has('skip-passes') ? claimWithoutPassing : claimInOrder),
    park: each(park),
    fail: each(fail),
    complete: each(completeInOrder),
    dead: each(dead),
    register: each(register),
    renew: each(renew),
    release: silently(release),
    inspect: each(inspect),
    lift: silently(lift),
    prepare: each(prepare),
    begin: each((_, request) => beginAsRuled(table, request, without)),
    cancel: each(cancel),
    lose: (sinceMs) => table.loseSince(sinceMs),
  };
};

/** The rule broken: a repeated event that is skipped leaves its sequence where it was. */
const claimWithoutPassing = (table: JournaledTable, request: OrderClaimRequest): OrderClaimAnswer => {
  const { order } = table;
  const before = order.sequence(request);
  const answer = claimInOrder(table, request);
  const after = order.sequence(request);
  if (after !== undefined && (answer.kind === 'done' || answer.kind === 'superseded')) {
    order.setSequence(request, { ...after, passed: before?.passed ?? -1 }, TTL_MS);
  }
  return answer;
};

/** Asks to begin, unless a rule of that is switched off. */
const beginAsRuled = (
  table: JournaledTable,
  request: BeginReplayRequest,
  without: Plan['without'],
): BeginReplayAnswer => {
  const stored = table.order.sequence(request);
  if (stored === undefined) return begin(table, request);
  const dead = without.has('fresh') ? stored.held : request.dead;
  const answer = begin(table, { ...request, dead });
  if (answer.kind !== 'busy' || !without.has('idle') || stored.replay === undefined) return answer;
  const replay = { ...stored.replay, state: 'begun', count: request.count } as const;
  table.order.setSequence(request, { ...stored, replay }, TTL_MS);
  return { kind: 'begun' };
};
