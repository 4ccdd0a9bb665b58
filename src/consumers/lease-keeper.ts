import type { Clock } from '../core/clock.ts';
import type { RenewRequest } from '../core/ports/state.ts';
import type { StateClient } from './state-client.ts';

/** Renews the claims of running jobs at a third of their lease. */
export class LeaseKeeper {
  readonly #state: StateClient;
  readonly #clock: Clock;

  constructor(state: StateClient, clock: Clock) {
    this.#state = state;
    this.#clock = clock;
  }

  /** Keeps a claim until the returned function is called; `onGone` is called once when it is another's. */
  keep(claim: RenewRequest, onGone: () => void): () => void {
    let over = false;
    let cancel: () => void = () => undefined;
    const renew = async (): Promise<void> => {
      if (over) return;
      const answer = await this.#state.renew(claim).catch(() => 'stopped' as const);
      if (over) return;
      if (answer === 'gone') onGone();
      else if (answer === 'renewed') arm();
    };
    const arm = (): void => {
      cancel = this.#clock.after(claim.leaseMs / 3, () => void renew());
    };
    arm();
    return () => {
      over = true;
      cancel();
    };
  }
}
