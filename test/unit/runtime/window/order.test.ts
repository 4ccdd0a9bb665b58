import { expect, test } from 'vitest';
import { UnrecoverableError } from '../../../../src/index.ts';
import { waitFor } from '../../../support/wait.ts';
import { onInvoice } from '../../consumers/bench.ts';
import { openWindow } from './window-bench.ts';

/** Events of two keys, `a` and `b`, by the letter their id begins with; a job type that keeps their order. */
const inOrder = async (changes: Parameters<typeof onInvoice>[0] = {}) => {
  const ran: string[] = [];
  const settle = onInvoice({
    ...{ order: ({ currency }) => currency, retry: { attempts: 1 } },
    run: ({ paymentId }) => void ran.push(paymentId),
    ...changes,
  });
  const window = await openWindow([settle]);
  const write = async (...ids: readonly string[]): Promise<void> => {
    for (const id of ids) await window.event(id, { currency: id.slice(0, 1) });
  };
  return { ...window, ran, write, of: (key: string) => ran.filter((id) => id.startsWith(key)) };
};

test('what a window runs again keeps the order of its key', async () => {
  const { write, passed, runWindow, bench, of } = await inOrder();
  const ids = Array.from({ length: 30 }, (_, index) => `${index % 3 === 0 ? 'b' : 'a'}${index}`);
  await write(...ids);
  await passed();
  expect((await runWindow()).counts).toMatchObject({ replayed: 30 });
  const esteira = await bench.run();
  await esteira.idle();
  for (const key of ['a', 'b']) expect(of(key)).toEqual(ids.filter((id) => id.startsWith(key)));
});

// Its dead letters run in their order by a replay; by the inbox they would go past the hold, and it would stay.
test('a key that is held is left out, and others go', async () => {
  const broken = new Set(['a1']);
  const ran: string[] = [];
  const { write, runWindow, bench, results } = await inOrder({
    afterDead: 'hold',
    run: ({ paymentId }) => {
      if (broken.has(paymentId)) throw new UnrecoverableError('the entry is wrong');
      ran.push(paymentId);
    },
  });
  await write('a1', 'b1', 'a2');
  const esteira = await bench.run();
  await waitFor('two dead letters', async () => (await bench.read('bench.dlq.settle')).length === 2);
  await esteira.idle();
  broken.clear();
  const { planId, counts } = await runWindow({ force: true });
  expect(counts).toMatchObject({ held: 2, forced: 1 });
  expect((await results(planId)).map(({ outcome }) => outcome)).toEqual(['held', 'forced', 'held']);
  await esteira.idle();
  expect(ran).toEqual(['b1', 'b1']);
});

test('a key that waits behind a job that is tried again is left out', async () => {
  const ran: string[] = [];
  const { write, runWindow, bench } = await inOrder({
    ...{ retry: { attempts: 2, backoff: '1h' }, holdFor: '1ms' },
    run: ({ paymentId }) => {
      if (paymentId === 'a1') throw new Error('no answer');
      ran.push(paymentId);
    },
  });
  await write('a1', 'a2', 'b1');
  await bench.run();
  await waitFor('the key to wait', async () => (await bench.read('bench.wait.settle')).length === 2);
  await waitFor('the other key to be done', () => ran.includes('b1'));
  await waitFor('all to be settled', async () => (await bench.committed()) === 3n);
  expect((await runWindow()).counts).toMatchObject({ held: 2, done: 1, replayed: 0 });
  expect(ran).toEqual(['b1']);
});
