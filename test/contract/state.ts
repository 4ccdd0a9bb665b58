import { afterAll, beforeAll, describe } from 'vitest';
import type { StateStore } from '../../src/core/ports/state.ts';
import { describeBatching } from './state/batching.ts';
import { describeClaiming } from './state/claiming.ts';
import { describeClosing } from './state/closing.ts';
import { describeCompleting } from './state/completing.ts';
import { describeDeciding } from './state/deciding.ts';
import type { StateFixture } from './state/fixture.ts';
import { describeLeasing } from './state/leasing.ts';
import { describePostponing } from './state/postponing.ts';

export type { StateFixture } from './state/fixture.ts';

/** What src/core/ports/state.ts promises, shown on one adapter. */
export const describeStateStore = (name: string, fixture: StateFixture): void => {
  describe(`the state port on ${name}`, () => {
    const opened: StateStore[] = [];
    const tracked: StateFixture = {
      ...fixture,
      open: async () => {
        const store = await fixture.open();
        opened.push(store);
        return store;
      },
    };
    let main: StateStore | undefined;
    const store = (): StateStore => {
      if (main === undefined) throw new Error('no store yet');
      return main;
    };
    beforeAll(async () => {
      main = await tracked.open();
    });
    afterAll(async () => {
      await Promise.all(opened.map((one) => one.close()));
    });
    describe('claiming', () => describeClaiming(store, tracked));
    describe('leasing', () => describeLeasing(store, tracked));
    describe('completing', () => describeCompleting(store, tracked));
    describe('deciding', () => describeDeciding(store, tracked));
    describe('postponing', () => describePostponing(store, tracked));
    describe('batching', () => describeBatching(store, tracked));
    describe('closing', () => describeClosing(tracked));
  });
};
