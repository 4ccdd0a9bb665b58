import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/ports/log.ts';
import type {
  DeadRequest,
  FailRequest,
  OrderClaimRequest,
  OrderCompleteRequest,
  OrderedStateStore,
  OrderState,
  ParkRequest,
  RegisterRequest,
} from '../core/ports/order-state.ts';
import type {
  ClaimAnswer,
  ClaimId,
  ClaimRequest,
  CompleteAnswer,
  CompleteRequest,
  DecideAnswer,
  DecideRequest,
  RenewRequest,
  SettledRequest,
  ToldRequest,
} from '../core/ports/state.ts';
import { insist, waitOrStop } from './backoff.ts';
import { MicroBatch } from './micro-batch.ts';
import type { OrderClient } from './ordered/order-client.ts';
import { StateTally } from './state-tally.ts';

/**
 * One worker's way to the state store, patient during outages: batches as they are for what every job needs, single
 * questions, put together into batches, for the rest.
 */
export interface StateClient {
  claimAll(requests: readonly ClaimRequest[]): Promise<readonly ClaimAnswer[]>;
  renewAll(requests: readonly RenewRequest[]): Promise<readonly ('renewed' | 'gone')[]>;
  completeAll(requests: readonly CompleteRequest[]): Promise<readonly CompleteAnswer[]>;
  toldAll(requests: readonly ToldRequest[]): Promise<void>;
  told(request: ToldRequest): Promise<void>;
  decide(request: DecideRequest): Promise<DecideAnswer>;
  settled(request: SettledRequest): Promise<void>;
  release(request: RenewRequest): Promise<void>;
  /** Counts a claim that has turned out to be another's; its fence. */
  lost(fence: number): void;
  /** The state of ordered types. */
  readonly order: OrderClient;
  /** Whether the store is out of reach now. */
  readonly down: boolean;
}

export interface StateClientParts {
  readonly state: OrderedStateStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly stopped: AbortSignal;
  /** How long claims wait after an outage, so that live owners can renew first, ms. */
  readonly renewEveryMs: number;
  /** Counts answers; default nobody reads what is counted. */
  readonly tally?: StateTally;
}

const silent =
  <Request>(call: (requests: readonly Request[]) => Promise<void>) =>
  async (requests: readonly Request[]): Promise<readonly undefined[]> => {
    await call(requests);
    return requests.map(() => undefined);
  };

/** Which calls fail for now, and how long claims wait when the store is back. */
class Outages {
  readonly #parts: StateClientParts;
  readonly #failing = new Set<string>();
  #claimsNotBeforeMs = 0;

  constructor(parts: StateClientParts) {
    this.#parts = parts;
  }

  get down(): boolean {
    return this.#failing.size > 0;
  }

  note(what: string, down: boolean): void {
    if (down) this.#failing.add(what);
    else this.#failing.delete(what);
    if (!down && what !== 'claim') this.#letOwnersRenew();
  }

  /** The claim that meets the end of an outage must not be the first to be heard either. */
  async beforeClaims([first]: readonly (ClaimId & { readonly leaseMs: number })[]): Promise<void> {
    const { state, clock, stopped } = this.#parts;
    if (first !== undefined && this.#failing.has('claim')) {
      // A renewal with a fence nobody was ever given changes nothing, and fails while the store is out of reach.
      await state.renew([{ ...first, fence: 0 }]);
      this.#letOwnersRenew();
    }
    const waitMs = this.#claimsNotBeforeMs - clock.nowMs();
    if (waitMs > 0) await waitOrStop(clock, waitMs, stopped);
  }

  #letOwnersRenew(): void {
    this.#claimsNotBeforeMs = this.#parts.clock.nowMs() + this.#parts.renewEveryMs;
  }
}

/** Makes the client of one worker. Calls reject only with ESTEIRA_CLOSED after a stop, or with a programming error. */
export const createStateClient = (parts: StateClientParts): StateClient => {
  const { state, tally = new StateTally() } = parts;
  const outages = new Outages(parts);

  const patient =
    <Request, Answer>(what: string, call: (requests: readonly Request[]) => Promise<Answer>) =>
    (requests: readonly Request[]): Promise<Answer> =>
      insist({ ...parts, onOutage: (_call, down) => outages.note(what, down) }, `state store: ${what}`, () =>
        call(requests),
      );
  const single = <Request, Answer>(
    what: string,
    call: (requests: readonly Request[]) => Promise<readonly Answer[]>,
  ): MicroBatch<Request, Answer> => new MicroBatch(patient(what, call));

  const toldAll = patient('told', (requests: readonly ToldRequest[]) => state.told(requests));
  const told = new MicroBatch(silent(toldAll));
  const decide = single('decide', (requests: readonly DecideRequest[]) => state.decide(requests));
  const settled = single(
    'settled',
    silent((requests: readonly SettledRequest[]) => state.settled(requests)),
  );
  const release = single(
    'release',
    silent((requests: readonly RenewRequest[]) => state.release(requests)),
  );

  return {
    order: createOrderClient(state.order, outages, patient, tally),
    claimAll: patient('claim', async (requests: readonly ClaimRequest[]) => {
      await outages.beforeClaims(requests);
      return tally.claimed(await state.claim(requests));
    }),
    renewAll: patient('renew', (requests: readonly RenewRequest[]) => state.renew(requests)),
    completeAll: patient('complete', async (requests: readonly CompleteRequest[]) =>
      tally.completed(requests, await state.complete(requests)),
    ),
    toldAll,
    told: (request) => told.ask(request),
    decide: (request) => decide.ask(request),
    settled: (request) => settled.ask(request),
    release: (request) => release.ask(request),
    lost: (fence) => tally.lost(fence),
    get down() {
      return outages.down;
    },
  };
};

type Patient = <Request, Answer>(
  what: string,
  call: (requests: readonly Request[]) => Promise<Answer>,
) => (requests: readonly Request[]) => Promise<Answer>;

const createOrderClient = (
  order: OrderState,
  outages: Outages,
  patient: Patient,
  tally: StateTally,
): OrderClient => {
  const fail = new MicroBatch(patient('fail', (requests: readonly FailRequest[]) => order.fail(requests)));
  const dead = new MicroBatch(patient('dead', (requests: readonly DeadRequest[]) => order.dead(requests)));
  const register = new MicroBatch(
    patient('register', (requests: readonly RegisterRequest[]) => order.register(requests)),
  );
  return {
    claimAll: patient('claim', async (requests: readonly OrderClaimRequest[]) => {
      await outages.beforeClaims(requests);
      return tally.claimed(await order.claim(requests));
    }),
    parkAll: patient('park', (requests: readonly ParkRequest[]) => order.park(requests)),
    completeAll: patient('complete', async (requests: readonly OrderCompleteRequest[]) =>
      tally.completed(requests, await order.complete(requests)),
    ),
    fail: (request) => fail.ask(request),
    dead: (request) => dead.ask(request),
    register: (request) => register.ask(request),
  };
};
