import { expect, test } from 'vitest';
import { UnrecoverableError } from '../../../../src/index.ts';
import { progressOf } from '../../../../src/runtime/replay-order.ts';
import { invoice } from '../../../support/invoices.ts';
import { type ReplayBench, replayKey } from '../../../support/ordered-replays.ts';
import { waitFor } from '../../../support/wait.ts';
import { invoicePaid, onInvoice, openBench, textHeaders } from '../bench.ts';

const KEY = 'a';
const ID = { jobType: 'settle', tenant: 'acme', partition: 'billing.events/0', orderKey: KEY };

/** A held key: the first entry dies while `broken`, what follows dies behind it. */
const heldKey = async () => {
  const world = { broken: new Set(['a1']), ran: [] as string[] };
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
      await esteira.publish(invoicePaid, invoice(id, { currency: KEY }), { tenant: 'acme', id });
  };
  const producer = await bench.backend.broker.createProducer();
  const replays: ReplayBench = {
    ...{ app: bench.app, order: bench.backend.state.order, producer },
    readLetters: () => bench.read('bench.dlq.settle'),
  };
  const untilDead = (count: number) =>
    waitFor(`${count} dead letters`, async () => (await replays.readLetters()).length === count);
  return { world, bench, publish, replays, untilDead };
};

const untilRun = (world: { readonly ran: readonly string[] }, count: number) =>
  waitFor(`${count} entries`, () => world.ran.length === count);

test('what died behind a dead one is replayed in its order, and what comes next runs behind it', async () => {
  const { world, publish, replays, untilDead } = await heldKey();
  await publish('a1', 'a2', 'a3', 'a4');
  await untilDead(4);
  world.broken.clear();
  expect(await replayKey(replays, 'r1', ID)).toMatchObject({ kind: 'begun', count: 4 });
  await publish('a5', 'a6');
  await untilRun(world, 6);
  expect(world.ran).toEqual(['a1', 'a2', 'a3', 'a4', 'a5', 'a6']);
  expect(await progressOf(replays.order, ID, 'r1')).toMatchObject({ state: 'ended', done: 4, count: 4 });
});

test('a replay that dies again ends the plan: the rest stay dead, and a second replay has them all', async () => {
  const { world, publish, replays, untilDead, bench } = await heldKey();
  await publish('a1', 'a2', 'a3');
  await untilDead(3);
  world.broken = new Set(['a2']);
  await replayKey(replays, 'r1', ID);
  await waitFor('its end', async () => (await progressOf(replays.order, ID, 'r1'))?.state === 'ended');
  expect(world.ran).toEqual(['a1']);
  await publish('a4');
  await untilDead(5);
  await waitFor('the third to be told', () =>
    bench.types('job.skipped').some(({ reason }) => reason === 'superseded'),
  );
  world.broken.clear();
  const isDone = (id: string): boolean => world.ran.includes(id);
  expect(await replayKey(replays, 'r2', ID, isDone)).toMatchObject({ kind: 'begun', count: 3 });
  await untilRun(world, 4);
  expect(world.ran).toEqual(['a1', 'a2', 'a3', 'a4']);
});

test('what arrives before the replays begin dies, and is replayed behind them', async () => {
  const { world, publish, replays, untilDead } = await heldKey();
  await publish('a1', 'a2');
  await untilDead(2);
  world.broken.clear();
  let published = false;
  const letters = replays.readLetters;
  const outcome = await replayKey(
    {
      ...replays,
      readLetters: async () => {
        if (published) return letters();
        published = true;
        const before = await letters();
        await publish('a3');
        await untilDead(3);
        return before;
      },
    },
    'r1',
    ID,
  );
  expect(outcome).toMatchObject({ kind: 'begun', count: 3 });
  await untilRun(world, 3);
  expect(world.ran).toEqual(['a1', 'a2', 'a3']);
});

const STEPS = [
  ...['before prepare', 'after prepare', 'before write 1', 'after write 1', 'after write 3'],
  ...['before begin', 'after begin'],
];

test.each(STEPS)('an operator who dies %s comes back, and all run once, in order', async (point) => {
  const { world, publish, replays, untilDead, bench } = await heldKey();
  await publish('a1', 'a2', 'a3');
  await untilDead(3);
  world.broken.clear();
  const dies = (step: string): void => {
    if (step === point) throw new Error('died here');
  };
  await expect(replayKey({ ...replays, onStep: dies }, 'r1', ID)).rejects.toThrow('died here');
  const again = await replayKey(replays, 'r1', ID);
  expect(['begun', 'ended']).toContain(again.kind);
  await publish('a4');
  await untilRun(world, 4);
  expect(world.ran).toEqual(['a1', 'a2', 'a3', 'a4']);
  await waitFor('all to be told', () => bench.types('job.completed').length >= 4);
  expect(new Set(bench.types('job.completed').map(({ jobId }) => jobId)).size).toBe(4);
});

test('nothing is replayed of a key that is not held, and another replay leaves an open one alone', async () => {
  const { publish, replays, untilDead } = await heldKey();
  await publish('a1');
  await untilDead(1);
  await replays.order.prepare([{ ...ID, plan: 5, by: 'another', ttlMs: 60_000 }]);
  expect(await replayKey(replays, 'r1', ID)).toEqual({ kind: 'taken' });
  await replays.order.lift([{ ...ID, ttlMs: 60_000 }]);
  expect(await replayKey(replays, 'r1', ID)).toEqual({ kind: 'not_held' });
});

test('a replay does not begin while letters are missing, unless it may', async () => {
  const { publish, replays, untilDead } = await heldKey();
  await publish('a1', 'a2');
  await untilDead(2);
  const some = { ...replays, readLetters: async () => (await replays.readLetters()).slice(0, 1) };
  expect(await replayKey(some, 'r1', ID)).toEqual({ kind: 'incomplete', dead: 2, found: 1 });
  expect((await replays.order.inspect([ID]))[0]?.replay?.state).toBe('ended');
});

test('the copy of a dead letter has its bytes and foreign headers, its place and its turn', async () => {
  const { world, publish, replays, untilDead, bench } = await heldKey();
  await publish('a1');
  await untilDead(1);
  world.broken.clear();
  await replayKey(replays, 'r1', ID);
  const [letter] = await replays.readLetters();
  const [copy] = await bench.read('bench.wait.settle');
  expect([copy?.key, copy?.value]).toEqual([letter?.key, letter?.value]);
  expect(textHeaders(letter?.headers ?? [])).toMatchObject({ 'job-place': 'billing.events/0/0' });
  expect(textHeaders(copy?.headers ?? [])).toMatchObject({
    ...{ ce_id: 'a1', 'job-place': 'billing.events/0/0', 'job-replay-id': 'r1', 'job-replay-count': '1' },
    'job-replay-turn': expect.stringMatching(/^\d+\/1$/),
  });
});
