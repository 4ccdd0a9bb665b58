import type { Clock } from '../../core/clock.ts';
import { EsteiraError } from '../../core/errors.ts';
import type { WithLimits } from '../../core/ports/limits.ts';
import type { OrderedStateStore } from '../../core/ports/order-state.ts';
import type { WithReports } from '../../core/ports/process-reports.ts';
import { silently } from '../silently.ts';
import { claim, release, renew } from './claim-rules.ts';
import { claimState, lastHop } from './claim-state.ts';
import { memoryLimits } from './limit-state.ts';
import { memoryOrderState } from './order-state.ts';
import { memoryReports } from './report-state.ts';
import { complete, decide, settled, told } from './settlement-rules.ts';
import { StateTable } from './state-table.ts';

/** What the memory store needs. */
export interface MemoryStateOptions {
  /** The clock of leases, due times and lifetimes. */
  readonly clock: Clock;
  /** Shared by stores that stand for several processes; default one of its own. */
  readonly table?: StateTable;
}

/**
 * Claims and decisions in this process's memory, for tests and development: everything is gone with the process, and
 * other processes see nothing of it. Answers exactly as the Redis store does.
 *
 * @throws EsteiraError (from each call) ESTEIRA_CLOSED after `close`.
 */
export const createMemoryStateStore = (
  options: MemoryStateOptions,
): OrderedStateStore & WithLimits & WithReports => {
  const table = options.table ?? new StateTable(options.clock);
  let closed = false;
  const each =
    <Request, Answer>(rule: (table: StateTable, request: Request) => Answer) =>
    async (requests: readonly Request[]): Promise<readonly Answer[]> => {
      if (closed) throw new EsteiraError('ESTEIRA_CLOSED', 'The state store is closed; open a new one.');
      return requests.map((request) => rule(table, request));
    };
  return {
    claim: each(claim),
    renew: each(renew),
    complete: each(complete),
    told: silently(each(told)),
    decide: each(decide),
    settled: silently(each(settled)),
    release: silently(each(release)),
    inspect: each(claimState),
    lastHops: each(lastHop),
    order: memoryOrderState(each),
    limits: memoryLimits(each),
    reports: memoryReports(each),
    verify: () => silently(each(() => undefined))([]),
    close: async () => {
      closed = true;
    },
  };
};
