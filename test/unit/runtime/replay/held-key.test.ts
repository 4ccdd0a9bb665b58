import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/core/clock.ts';
import { silentLog } from '../../../../src/core/ports/log.ts';
import { parsePosition } from '../../../../src/core/record.ts';
import { UnrecoverableError } from '../../../../src/index.ts';
import { openControlLog } from '../../../../src/runtime/control/control-log.ts';
import {
  planReplay,
  type ReplayParts,
  replayNow,
  replayResults,
  replayStatus,
  runReplay,
} from '../../../../src/runtime/replay/index.ts';
import { openReplayWriter } from '../../../../src/runtime/replay-writer.ts';
import { invoice } from '../../../support/invoices.ts';
import { waitFor } from '../../../support/wait.ts';
import { invoicePaid, onInvoice, openBench } from '../../consumers/bench.ts';
import { dyingParts, movableClock } from './crashing.ts';

const reason = 'mended';

/** A job type that holds its keys; entries that are broken die, and what follows them of their key. */
const heldKeys = async () => {
  const world = { broken: new Set(['a1', 'b1']), ran: [] as string[] };
  const job = onInvoice({
    ...{ order: (event) => event.currency, afterDead: 'hold', retry: { attempts: 1 } },
    run: (event) => {
      if (world.broken.has(event.paymentId)) throw new UnrecoverableError('the entry is wrong');
      world.ran.push(event.paymentId);
    },
  });
  const bench = openBench([job]);
  const esteira = await bench.run();
  const publish = async (...ids: readonly string[]): Promise<void> => {
    for (const id of ids)
      await esteira.publish(invoicePaid, invoice(id, { currency: id.slice(0, 1) }), { tenant: 'acme', id });
  };
  const { backend, app } = bench;
  const untilDead = (count: number) =>
    waitFor(`${count} dead letters`, async () => (await bench.read('bench.dlq.settle')).length === count);
  const { clock, moveOn } = movableClock({ clock: systemClock });
  const parts: ReplayParts = {
    ...{ app, backend, clock, service: { service: 'tests', host: 'here' }, policy: { observeMs: 1 } },
    control: await openControlLog({ ns: app.name, broker: backend.broker, clock, log: silentLog }),
    operator: { name: 'ana', roles: ['operator'] },
    connectWriter: () => openReplayWriter(app, backend, silentLog),
  };
  return { world, parts, publish, untilDead, moveOn };
};

const plan = async (parts: ReplayParts): Promise<string> =>
  (await planReplay(parts, { jobType: 'settle', reason })).planId;
const QUICK = { rate: 0, canary: 0 };
const of = (ran: readonly string[], key: string) => ran.filter((id) => id.startsWith(key));

// Promise: replayed under `order` and `hold`, followers run after their head, in order, and what arrives later behind them.
test('held keys are replayed each in its order, with what died behind them since the plan', async () => {
  const { world, parts, publish, untilDead } = await heldKeys();
  await publish('a1', 'b1', 'a2', 'b2', 'a3');
  await untilDead(5);
  const planId = await plan(parts);
  await publish('a4');
  await untilDead(6);
  world.broken.clear();
  expect(await runReplay(parts, { planId, reason, options: QUICK })).toMatchObject({
    state: 'finished',
    counts: { replayed: 5 },
  });
  await publish('a5', 'b3');
  await waitFor('all to run', () => world.ran.length === 8);
  expect(of(world.ran, 'a')).toEqual(['a1', 'a2', 'a3', 'a4', 'a5']);
  expect(of(world.ran, 'b')).toEqual(['b1', 'b2', 'b3']);
  const outcomes: string[] = [];
  await replayResults(parts, planId, ({ outcome, inbox }) =>
    outcomes.push(`${outcome} ${inbox?.split('/')[0]}`),
  );
  expect(new Set(outcomes)).toEqual(new Set(['replayed bench.wait.settle']));
});

test('a run that dies while it replays a held key comes back, and all run once, in order', async () => {
  for (const effect of [5, 8, 9, 10, 11, 12, 13]) {
    const { world, parts, publish, untilDead, moveOn } = await heldKeys();
    await publish('a1', 'a2', 'a3');
    await untilDead(3);
    world.broken.clear();
    const planId = await plan(parts);
    const mortal = dyingParts(parts, { effect, when: 'after' });
    const ended = runReplay(mortal.parts, { planId, reason, options: QUICK }).then(() => true);
    const isOver = await Promise.race([mortal.died.then(() => false), ended]);
    moveOn(60_000);
    const { state } = await replayStatus(parts, planId);
    if (!isOver && state !== 'finished')
      await runReplay(parts, { planId, reason, resume: state !== 'planned' });
    await publish('a4');
    await waitFor('all to run', () => world.ran.length >= 4);
    expect(world.ran).toEqual(['a1', 'a2', 'a3', 'a4']);
  }
});

test('a dry run says of letters of a held key what the hold means for them', async () => {
  const { world, parts, publish, untilDead } = await heldKeys();
  await publish('a1', 'a2', 'b1');
  await untilDead(3);
  const all = await replayNow(parts, { selection: { jobType: 'settle' }, reason });
  const positions = (...ids: readonly string[]) =>
    all.items
      .filter(({ letter }) => ids.includes(letter?.eventId ?? ''))
      .flatMap(({ position }) => parsePosition(position) ?? []);
  const replay = async (run: boolean, ...ids: readonly string[]) => {
    const { items } = await replayNow(parts, { selection: { positions: positions(...ids) }, reason, run });
    return items.map(({ outcome, detail }) => `${outcome}: ${detail}`);
  };
  const isWhole = 'would_replay: its ordering key is held: what died of it runs again in its order';
  expect(all.items.map(({ outcome, detail }) => `${outcome}: ${detail}`)).toEqual([
    isWhole,
    isWhole,
    isWhole,
  ]);
  expect(await replay(false, 'a2', 'b1')).toEqual(
    expect.arrayContaining([
      isWhole,
      expect.stringMatching(
        /^would_replay: its ordering key is held: 2 of it have died, of which 1 would be/,
      ),
    ]),
  );
  // What it said comes true.
  expect(await replay(true, 'a2')).toEqual([expect.stringMatching(/^held: /)]);
  world.broken.clear();
  expect(await replay(true, 'a1', 'a2')).toEqual(['replayed: null', 'replayed: null']);
  await waitFor('both to run', () => world.ran.length === 2);
  expect(world.ran).toEqual(['a1', 'a2']);
});

// The bug it was: a letter whose job is done allowed for any number of missing ones, so that a3 ran before a2.
test('letters that are done do not stand for those that are missing', async () => {
  const { world, parts, publish, untilDead } = await heldKeys();
  world.broken = new Set(['a1', 'a2']);
  await publish('a1', 'a2', 'a3');
  await untilDead(3);
  world.broken.delete('a1');
  const replay = async (run: boolean, selection: { readonly limit?: number } = {}) => {
    const { items } = await replayNow(parts, { selection: { jobType: 'settle', ...selection }, reason, run });
    return items.map(({ letter, outcome }) => `${letter?.eventId} ${outcome}`);
  };
  expect(await replay(true)).toEqual(['a1 replayed', 'a2 replayed', 'a3 replayed']);
  await untilDead(4);
  world.broken.clear();
  // The letters of before: a2 has another one since.
  const old = { selection: { jobType: 'settle', limit: 3 }, reason };
  const { items } = await replayNow(parts, old);
  expect(items.at(-1)?.detail).toMatch(/2 of it have died, of which 1 would be replayed/);
  expect(await replay(true, { limit: 3 })).toEqual(['a1 done', 'a2 refused', 'a3 held']);
  expect(world.ran).toEqual(['a1']);
  expect(await replay(true)).toEqual(['a1 done', 'a2 refused', 'a3 replayed', 'a2 replayed']);
  await waitFor('all to run', () => world.ran.length === 3);
  expect(world.ran).toEqual(['a1', 'a2', 'a3']);
});
