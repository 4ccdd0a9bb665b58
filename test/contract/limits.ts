import { afterAll, beforeAll, describe } from 'vitest';
import type { LimitStore, WithLimits } from '../../src/core/ports/limits.ts';
import type { StateStore } from '../../src/core/ports/state.ts';
import type { LimitFixture } from './limits/fixture.ts';
import { describeLocks } from './limits/locking.ts';
import { describeRates } from './limits/rating.ts';
import { describeSlots } from './limits/slots.ts';

/** What src/core/ports/limits.ts promises, shown on one adapter. */
export const describeLimitStore = (name: string, fixture: LimitFixture): void => {
  describe(`the limits port on ${name}`, () => {
    let store: (StateStore & WithLimits) | undefined;
    const limits = (): LimitStore => {
      if (store === undefined) throw new Error('no store yet');
      return store.limits;
    };
    beforeAll(async () => {
      store = await fixture.open();
    });
    afterAll(() => store?.close());
    describe('slots', () => describeSlots(limits, fixture));
    describe('start rates', () => describeRates(limits, fixture));
    describe('locks', () => describeLocks(limits, fixture));
  });
};
