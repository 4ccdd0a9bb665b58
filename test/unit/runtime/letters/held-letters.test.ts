import { describe, expect, test } from 'vitest';
import { parseEnvelope } from '../../../../src/core/envelope.ts';
import type { RecordPosition } from '../../../../src/core/record.ts';
import { UnrecoverableError } from '../../../../src/index.ts';
import { type DeedRequest, doToLetters, editLetter } from '../../../../src/runtime/letters/index.ts';
import { planReplay, type ReplayParts, runReplay } from '../../../../src/runtime/replay/index.ts';
import { invoice } from '../../../support/invoices.ts';
import { waitFor } from '../../../support/wait.ts';
import { invoicePaid, onInvoice, openBench } from '../../consumers/bench.ts';
import { operatorAt } from './operator-at-bench.ts';

const reason = 'wrong entry';
const QUICK = { rate: 0, canary: 0 };
const DLQ = 'bench.dlq.settle';

/** A job type that holds its keys, which are currencies; entries that are broken die, and what follows them of their key. */
const heldKeys = async () => {
  const world = { broken: new Set(['a1']), ran: [] as string[] };
  const job = onInvoice({
    ...{ order: (event) => event.currency, afterDead: 'hold', retry: { attempts: 1 } },
    run: (event) => {
      if (world.broken.has(event.paymentId)) throw new UnrecoverableError('the entry is wrong');
      world.ran.push(event.invoiceId === 'mended' ? `${event.paymentId} mended` : event.paymentId);
    },
  });
  const bench = openBench([job]);
  const esteira = await bench.run();
  const parts = await operatorAt(bench);
  const publish = async (...ids: readonly string[]): Promise<void> => {
    for (const id of ids)
      await esteira.publish(invoicePaid, invoice(id, { currency: id.slice(0, 1) }), { tenant: 'acme', id });
  };
  const untilDead = (count: number) =>
    waitFor(`${count} dead letters`, async () => (await bench.read(DLQ)).length === count);
  /** Where the letter of an event stands. */
  const letterOf = async (id: string): Promise<RecordPosition> => {
    const letter = (await bench.read(DLQ)).find(({ headers }) => parseEnvelope(headers, true).eventId === id);
    if (letter === undefined) throw new Error(`no letter of ${id}`);
    return letter;
  };
  const discard = async (ids: readonly string[], run = true) => {
    const positions: RecordPosition[] = [];
    for (const id of ids) positions.push(await letterOf(id));
    return doToLetters(parts, { deed: 'discard', selection: { positions }, reason, run });
  };
  const replayAll = async () => {
    const { planId } = await planReplay(parts, { jobType: 'settle', reason });
    return runReplay(parts, { planId, reason, options: QUICK });
  };
  return { world, parts, publish, untilDead, letterOf, discard, replayAll };
};

describe('a discarded head of a held key', () => {
  test('leaves its followers dead and the key held; a replay runs them in order without it', async () => {
    const { world, publish, untilDead, discard, replayAll } = await heldKeys();
    await publish('a1', 'a2', 'a3');
    await untilDead(3);
    expect(await discard(['a1'], false)).toMatchObject({ keys: [{ outcome: 'stays', left: 2, key: 'a' }] });
    expect(await discard(['a1'])).toMatchObject({ outcome: 'done', keys: [{ outcome: 'stays', left: 2 }] });
    await publish('a4');
    await untilDead(4);
    expect(await replayAll()).toMatchObject({ counts: { replayed: 3, held: 0 } });
    await publish('a5');
    await waitFor('all to run', () => world.ran.length === 4);
    expect(world.ran).toEqual(['a2', 'a3', 'a4', 'a5']);
  });

  test('behind which nothing has died lifts the hold: what comes next runs', async () => {
    const { world, publish, untilDead, discard } = await heldKeys();
    await publish('a1');
    await untilDead(1);
    expect(await discard(['a1'], false)).toMatchObject({ keys: [{ outcome: 'would_lift' }] });
    expect(await discard(['a1'])).toMatchObject({ keys: [{ outcome: 'lifted', left: 0 }] });
    await publish('a2');
    await waitFor('the next to run', () => world.ran.length === 1);
    expect(world.ran).toEqual(['a2']);
  });

  test('discarded with all its followers lifts the hold, in one go or one after the other', async () => {
    const { world, publish, untilDead, discard } = await heldKeys();
    await publish('a1', 'a2', 'a3');
    await untilDead(3);
    expect(await discard(['a2'])).toMatchObject({ keys: [{ outcome: 'stays', left: 2 }] });
    expect(await discard(['a1', 'a3'])).toMatchObject({ keys: [{ outcome: 'lifted' }] });
    await publish('a4');
    await waitFor('the next to run', () => world.ran.length === 1);
    expect(world.ran).toEqual(['a4']);
  });

  // The process died between the ledger and the hold: the key would have been held for ever, by nothing.
  test('whose discard was cut off before the hold was lifted is lifted when it is asked for again', async () => {
    const { world, parts, publish, untilDead, letterOf } = await heldKeys();
    await publish('a1');
    await untilDead(1);
    const selection = { positions: [await letterOf('a1')] };
    const request: DeedRequest = { deed: 'discard', selection, reason, run: true };
    const { order } = parts.backend.state;
    const cutOff: ReplayParts = {
      ...parts,
      backend: {
        ...parts.backend,
        state: {
          ...parts.backend.state,
          order: {
            ...order,
            inspect: order.inspect.bind(order),
            lift: () => Promise.reject(new Error('killed')),
          },
        },
      },
    };
    await expect(doToLetters(cutOff, request)).rejects.toThrow('killed');
    expect(await doToLetters(parts, request)).toMatchObject({ letters: 0, keys: [{ outcome: 'lifted' }] });
    await publish('a2');
    await waitFor('the next to run', () => world.ran.length === 1);
  });
});

describe('an edited letter of a held key', () => {
  const mended = { sets: [{ path: 'invoiceId', value: 'mended' }] };

  test('waits for its turn among the others, and runs in order with them', async () => {
    const { world, parts, publish, untilDead, letterOf, replayAll } = await heldKeys();
    await publish('a1', 'a2', 'a3');
    await untilDead(3);
    world.broken.clear();
    const request = { position: await letterOf('a1'), change: mended, reason, run: true };
    expect(await editLetter(parts, request)).toMatchObject({
      orderingKey: 'same',
      replay: { outcome: 'held' },
    });
    expect(world.ran).toEqual([]);
    expect(await replayAll()).toMatchObject({ counts: { replayed: 3, held: 0 } });
    await waitFor('all to run', () => world.ran.length === 3);
    expect(world.ran).toEqual(['a1 mended', 'a2', 'a3']);
  });

  test('that is alone runs at once, and lifts the hold', async () => {
    const { world, parts, publish, untilDead, letterOf } = await heldKeys();
    await publish('a1');
    await untilDead(1);
    world.broken.clear();
    const request = { position: await letterOf('a1'), change: mended, reason, run: true };
    expect(await editLetter(parts, request)).toMatchObject({ replay: { outcome: 'replayed' } });
    await publish('a2');
    await waitFor('both to run', () => world.ran.length === 2);
    expect(world.ran).toEqual(['a1 mended', 'a2']);
  });

  // The plan knew the original, which is replayed no more: without it the followers would have run headless.
  test('keeps a plan of before from running its key without it', async () => {
    const { world, parts, publish, untilDead, letterOf } = await heldKeys();
    await publish('a1', 'a2');
    await untilDead(2);
    world.broken.clear();
    const { planId } = await planReplay(parts, { jobType: 'settle', reason });
    await editLetter(parts, { position: await letterOf('a1'), change: mended, reason, run: true });
    expect(await runReplay(parts, { planId, reason, options: QUICK })).toMatchObject({
      counts: { refused: 1, held: 1, replayed: 0 },
    });
    expect(world.ran).toEqual([]);
  });

  test('may not move to another key', async () => {
    const { parts, publish, untilDead, letterOf } = await heldKeys();
    await publish('a1');
    await untilDead(1);
    const change = { sets: [{ path: 'currency', value: 'z' }] };
    const request = { position: await letterOf('a1'), change, reason, run: true };
    await expect(editLetter(parts, request)).rejects.toMatchObject({
      ...{ code: 'ESTEIRA_LETTER_REFUSED', message: expect.stringContaining('another ordering key') },
    });
  });
});
