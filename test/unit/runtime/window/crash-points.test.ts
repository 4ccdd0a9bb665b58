import { expect, test } from 'vitest';
import { formatPosition } from '../../../../src/core/record.ts';
import {
  approveReplay,
  type ReplayParts,
  replayResults,
  replayStatus,
} from '../../../../src/runtime/replay/index.ts';
import { onInvoice } from '../../consumers/bench.ts';
import { movableClock } from '../replay/crashing.ts';
import { effectsOf, runToDeath, WHOLE } from '../replay/killed-runs.ts';
import { openWindow, reason } from './window-bench.ts';

const OWN = 6;

/** A plan over events of two partitions, in parts of three: some are of another type, one comes too late. */
const planned = async (force: boolean) => {
  const window = await openWindow([onInvoice()], { partitions: 2 });
  const { clock, moveOn } = movableClock(window.parts);
  const parts: ReplayParts = { ...window.parts, clock, policy: { observeMs: 1, batchRecords: 3 } };
  const own: string[] = [];
  for (let index = 0; index < OWN; index += 1) {
    own.push(formatPosition(await window.event(`e-${index}`)));
    if (index % 2 === 0) await window.event(`other-${index}`, { type: 'billing.Refunded' });
  }
  if (force) {
    const esteira = await window.bench.run();
    await esteira.idle();
    await esteira.stop();
  }
  await window.passed();
  const { planId } = await window.plan({ force }, parts);
  if (force) await approveReplay(window.as('bea', 'approver'), { planId, reason });
  await window.event('too-late');
  return { ...window, parts, planId, own, moveOn };
};

type Planned = Awaited<ReturnType<typeof planned>>;

/** Each own record once on the inbox, none else; the ledger says so, and where. */
const expectOnce = async (setting: Planned, outcome: 'replayed' | 'forced'): Promise<void> => {
  const { parts, planId, own, copies } = setting;
  expect((await copies()).map(({ replayOf }) => replayOf).toSorted()).toEqual(own.toSorted());
  const ledger: (string | null)[] = [];
  await replayResults(parts, planId, (record) => {
    if (record.outcome === outcome) ledger.push(record.inbox === null ? null : record.position);
  });
  expect(ledger.toSorted()).toEqual(own.toSorted());
  expect(await replayStatus(parts, planId)).toMatchObject({
    ...{ state: 'finished', counts: { [outcome]: OWN, other: OWN / 2 }, holder: null },
  });
};

test('a run of a window killed before or after any of its effects, and resumed, writes each record once', async () => {
  const effects = await effectsOf(await planned(false));
  expect(effects).toBeGreaterThan(3 * OWN);
  for (let effect = 1; effect <= effects; effect += 1)
    for (const when of ['before', 'after'] as const) {
      const setting = await planned(false);
      await runToDeath(setting, { effect, when });
      expect(await runToDeath(setting, WHOLE)).toBe(true);
      await expectOnce(setting, 'replayed');
    }
}, 120_000);

test('a forced run killed, killed again when it is resumed, and resumed, writes each record once', async () => {
  const effects = await effectsOf(await planned(true));
  for (let effect = 4; effect <= effects; effect += 4)
    for (const again of [4, 8, 11]) {
      const setting = await planned(true);
      await runToDeath(setting, { effect, when: 'after' });
      await runToDeath(setting, { effect: again, when: 'after' });
      expect(await runToDeath(setting, WHOLE)).toBe(true);
      await expectOnce(setting, 'forced');
    }
}, 120_000);
