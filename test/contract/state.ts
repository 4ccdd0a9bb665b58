import { afterAll, beforeAll, describe } from 'vitest';
import type { OrderedStateStore } from '../../src/core/ports/order-state.ts';
import { describeBatching } from './state/batching.ts';
import { describeClaiming } from './state/claiming.ts';
import { describeClosing } from './state/closing.ts';
import { describeCompleting } from './state/completing.ts';
import { describeDeciding } from './state/deciding.ts';
import type { StateFixture } from './state/fixture.ts';
import { describeInspecting } from './state/inspecting.ts';
import { describeLeasing } from './state/leasing.ts';
import { describeOrdering } from './state/ordering.ts';
import { describeOrderEndings } from './state/ordering-endings.ts';
import { describeHolding } from './state/ordering-holds.ts';
import { describeReplaying } from './state/ordering-replays.ts';

export type { StateFixture } from './state/fixture.ts';

/** What src/core/ports/state.ts promises, shown on one adapter. */
export const describeStateStore = (name: string, fixture: StateFixture): void => {
  describe(`the state port on ${name}`, () => {
    const opened: OrderedStateStore[] = [];
    const tracked: StateFixture = {
      ...fixture,
      open: async () => {
        const store = await fixture.open();
        opened.push(store);
        return store;
      },
    };
    let main: OrderedStateStore | undefined;
    const store = (): OrderedStateStore => {
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
    describe('inspecting', () => describeInspecting(store, tracked));
    describe('completing', () => describeCompleting(store, tracked));
    describe('deciding', () => describeDeciding(store, tracked));
    describe('ordering', () => describeOrdering(store, tracked));
    describe('endings in order', () => describeOrderEndings(store, tracked));
    describe('holding', () => describeHolding(store));
    describe('replaying in order', () => describeReplaying(store));
    describe('batching', () => describeBatching(store, tracked));
    describe('closing', () => describeClosing(tracked));
  });
};
