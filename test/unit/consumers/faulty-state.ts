import { EsteiraError } from '../../../src/core/errors.ts';
import type { LockRequest, WithLimits } from '../../../src/core/ports/limits.ts';
import type { OrderedStateStore } from '../../../src/core/ports/order-state.ts';
import type { WithReports } from '../../../src/core/ports/process-reports.ts';
import type { RenewRequest } from '../../../src/core/ports/state.ts';

type LimitedStateStore = OrderedStateStore & WithLimits & WithReports;

/** What a test makes a state store do. */
export interface StateFaults {
  /** The next so many calls fail, whichever they are, as while Redis is out of reach. */
  failNext(calls: number): void;
  /** Answers `gone` to renewals while it says so. */
  losesClaims: boolean;
  /** Answers `gone` to renewals of locks while it says so. */
  losesLocks: boolean;
  /** Every call, in order, with the requests it had. */
  readonly calls: readonly { readonly name: keyof LimitedStateStore; readonly requests: number }[];
}

const outOfReach = (): EsteiraError =>
  new EsteiraError('ESTEIRA_STATE_UNAVAILABLE', 'the state store is made to be out of reach');

/** Puts faults before a state store. */
export const faultyState = (): {
  faults: StateFaults;
  wrap: (state: LimitedStateStore) => LimitedStateStore;
} => {
  let failures = 0;
  const calls: { name: keyof LimitedStateStore; requests: number }[] = [];
  const faults: StateFaults = {
    losesClaims: false,
    losesLocks: false,
    calls,
    failNext: (count) => {
      failures = count;
    },
  };
  const guard =
    <Request, Answer>(
      name: keyof LimitedStateStore,
      call: (requests: readonly Request[]) => Promise<Answer>,
    ) =>
    async (requests: readonly Request[]): Promise<Answer> => {
      calls.push({ name, requests: requests.length });
      if (failures > 0) {
        failures -= 1;
        throw outOfReach();
      }
      return call(requests);
    };
  return {
    faults,
    wrap: (state) => ({
      claim: guard('claim', (requests) => state.claim(requests)),
      renew: guard('renew', async (requests: readonly RenewRequest[]) =>
        faults.losesClaims ? requests.map(() => 'gone' as const) : state.renew(requests),
      ),
      complete: guard('complete', (requests) => state.complete(requests)),
      told: guard('told', (claims) => state.told(claims)),
      decide: guard('decide', (requests) => state.decide(requests)),
      settled: guard('settled', (requests) => state.settled(requests)),
      inspect: guard('inspect', (claims) => state.inspect(claims)),
      lastHops: (jobs) => state.lastHops(jobs),
      release: guard('release', (requests) => state.release(requests)),
      order: {
        claim: guard('claim', (requests) => state.order.claim(requests)),
        park: guard('order', (requests) => state.order.park(requests)),
        fail: guard('order', (requests) => state.order.fail(requests)),
        complete: guard('complete', (requests) => state.order.complete(requests)),
        dead: guard('order', (requests) => state.order.dead(requests)),
        register: guard('order', (requests) => state.order.register(requests)),
        inspect: (ids) => state.order.inspect(ids),
        hold: (requests) => state.order.hold(requests),
        lift: (requests) => state.order.lift(requests),
        condemn: (requests) => state.order.condemn(requests),
        prepare: (requests) => state.order.prepare(requests),
        begin: (requests) => state.order.begin(requests),
        cancel: (requests) => state.order.cancel(requests),
      },
      limits: {
        acquire: guard('limits', (requests) => state.limits.acquire(requests)),
        renewSlots: guard('limits', (requests) => state.limits.renewSlots(requests)),
        releaseSlots: guard('limits', (requests) => state.limits.releaseSlots(requests)),
        takeStarts: guard('limits', (requests) => state.limits.takeStarts(requests)),
        lock: guard('limits', (requests) => state.limits.lock(requests)),
        renewLocks: guard('limits', async (requests: readonly LockRequest[]) =>
          faults.losesLocks ? requests.map(() => 'gone' as const) : state.limits.renewLocks(requests),
        ),
        unlock: guard('limits', (requests) => state.limits.unlock(requests)),
      },
      reports: state.reports,
      verify: () => state.verify(),
      close: () => state.close(),
    }),
  };
};
