import type { WithLimits } from '../../../src/core/ports/limits.ts';
import type { StateStore } from '../../../src/core/ports/state.ts';

/** One adapter under test. */
export interface LimitFixture {
  open(): Promise<StateStore & WithLimits>;
  /** Lets the store's clock move on by at least `ms`. */
  advance(ms: number): Promise<void>;
}
