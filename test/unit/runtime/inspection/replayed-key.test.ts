import { expect, test } from 'vitest';
import { replayEvent } from '../../../../src/consumers/dead-letters/replay-records.ts';
import { silentLog } from '../../../../src/core/ports/log.ts';
import { UnrecoverableError } from '../../../../src/index.ts';
import { createJobTelemetry } from '../../../../src/telemetry/job-telemetry.ts';
import { invoice } from '../../../support/invoices.ts';
import { type ReplayBench, replayKey } from '../../../support/ordered-replays.ts';
import { latch, waitFor } from '../../../support/wait.ts';
import { invoicePaid, onInvoice, openBench } from '../../consumers/bench.ts';
import { lookAt } from './look.ts';

const ID = { jobType: 'settle', tenant: 'acme', partition: 'billing.events/0', orderKey: 'a' };

/** A held key whose three dead letters are replayed; the second runs until it is let go. */
const replayedKey = async () => {
  const world = { isBroken: true, second: latch<void>() };
  const job = onInvoice({
    ...{ order: (event) => event.currency, afterDead: 'hold', retry: { attempts: 1 } },
    run: async (event) => {
      if (world.isBroken) throw new UnrecoverableError('the entry is wrong');
      if (event.paymentId === 'a2') await world.second.opened;
    },
  });
  const bench = openBench([job]);
  const esteira = await bench.run();
  const publish = (id: string) =>
    esteira.publish(invoicePaid, invoice(id, { currency: 'a' }), { tenant: 'acme', id });
  for (const id of ['a1', 'a2', 'a3']) await publish(id);
  const producer = await bench.backend.broker.createProducer();
  const { serde } = bench.backend;
  const log = silentLog;
  const telemetry = await createJobTelemetry({ producer, serde, log, topic: 'bench.telemetry.jobs' });
  const identity = { service: 'it', host: 'it' };
  const facts = { ns: 'bench', identity, replayId: 'r1', actor: 'ana', reason: 'mended' };
  const replays: ReplayBench = {
    ...{ app: bench.app, order: bench.backend.state.order, producer },
    onWritten: (written) => telemetry.append(telemetry.encode(replayEvent(facts, written, Date.now()))),
    readLetters: () => bench.read('bench.dlq.settle'),
  };
  await waitFor('three dead letters', async () => (await replays.readLetters()).length === 3);
  world.isBroken = false;
  return { world, bench, esteira, publish, replays, ...lookAt(bench) };
};

test('what arrives while a held key is replayed says what it is behind, and goes on with the last', async () => {
  const { world, esteira, publish, replays, look, idsOf, bench } = await replayedKey();
  await replayKey(replays, 'replay r1', ID);
  await waitFor('the first replay', () => bench.types('job.completed').length === 1);
  await publish('a4');
  await waitFor('it to be parked', async () => (await bench.read('bench.wait.settle')).length === 4);
  const [, , , arrived] = await idsOf('billing.events');
  expect(await look(arrived ?? '')).toMatchObject({
    ...{ state: 'parked', waitsFor: 'head' },
    says: expect.stringContaining(
      'replay r1 replays what is dead of it in order, before it: 1 of 3 are done',
    ),
  });
  world.second.open();
  await esteira.idle();
  expect(bench.types('job.completed')).toHaveLength(4);
});

test('a dead one that is to be replayed says its turn, and whether the replay has begun', async () => {
  const { world, replays, look, idsOf, bench } = await replayedKey();
  const dies = (step: string): void => {
    if (step === 'before begin') throw new Error('died here');
  };
  await expect(replayKey({ ...replays, onStep: dies }, 'replay r1', ID)).rejects.toThrow('died here');
  const [, , third = ''] = await idsOf('billing.events');
  expect(await look(third)).toMatchObject({
    waitsFor: 'operator',
    says: expect.stringContaining('number 3 of the dead letters of its ordering key that replay r1 replays'),
  });
  await replayKey(replays, 'replay r1', ID);
  await waitFor('the first replay', () => bench.types('job.completed').length === 1);
  expect(await look(third)).toMatchObject({
    ...{ state: 'parked', waitsFor: 'head' },
    says: expect.stringContaining('number 3 of the 3 dead letters'),
  });
  world.second.open();
});
