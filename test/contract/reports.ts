import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ReportStore, WithReports } from '../../src/core/ports/process-reports.ts';
import type { StateStore } from '../../src/core/ports/state.ts';

/** One adapter under test; every store it opens has reports of its own. */
export interface ReportFixture {
  open(): Promise<StateStore & WithReports>;
  /** Lets the store's clock move on by at least `ms`. */
  advance(ms: number): Promise<void>;
}

const LONG_MS = 3_600_000;
const SHORT_MS = 60;

/** What src/core/ports/process-reports.ts promises, shown on one adapter. */
export const describeReportStore = (name: string, fixture: ReportFixture): void => {
  describe(`the reports port on ${name}`, () => {
    let store: (StateStore & WithReports) | undefined;
    beforeAll(async () => {
      store = await fixture.open();
    });
    afterAll(() => store?.close());
    const reports = (): ReportStore => {
      if (store === undefined) throw new Error('no store yet');
      return store.reports;
    };
    /** A process that says something. */
    const saying = async (text: string, lifetimeMs = LONG_MS) => {
      const process = randomUUID();
      const say = (next: string, forMs = LONG_MS) =>
        reports().report({ process, text: next, lifetimeMs: forMs });
      await say(text, lifetimeMs);
      return { say, withdraw: () => reports().withdraw(process) };
    };

    test('what each process said last is there, until it is taken back', async () => {
      const one = await saying('one says "é"');
      const other = await saying('other');
      await one.say('one again');
      expect([...(await reports().reports())].sort()).toEqual(['one again', 'other']);
      await one.withdraw();
      await one.withdraw();
      expect(await reports().reports()).toEqual(['other']);
      await other.withdraw();
      expect(await reports().reports()).toEqual([]);
    });

    test('what is not said again is forgotten, and what is said again stays', async () => {
      await saying('dies', SHORT_MS);
      const lives = await saying('lives', SHORT_MS);
      await lives.say('lives', LONG_MS);
      await fixture.advance(SHORT_MS + 1);
      expect(await reports().reports()).toEqual(['lives']);
      const next = await saying('comes later', SHORT_MS);
      expect([...(await reports().reports())].sort()).toEqual(['comes later', 'lives']);
      await next.withdraw();
      await lives.withdraw();
    });
  });
};
