import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { silentLog } from '../../../src/core/ports/log.ts';
import { trigger, UnrecoverableError } from '../../../src/index.ts';
import { openControlLog } from '../../../src/runtime/control/control-log.ts';
import { replayNow } from '../../../src/runtime/replay/index.ts';
import { invoice } from '../../support/invoices.ts';
import { latch } from '../../support/wait.ts';
import { invoicePaid, onInvoice, openBench, textHeaders } from './bench.ts';

const HIGH = 'bench.job.settle.high';
const attempts = async ({ read }: ReturnType<typeof openBench>, topic: string) =>
  (await read(topic)).map(({ headers }) => textHeaders(headers)['job-attempt']);

describe('a job in a lane', () => {
  test('comes back to its lane: retried, put off, and where its trigger has the priority', async () => {
    const job = onInvoice({
      ...{ lanes: true, on: trigger(invoicePaid, { priority: 2 }) },
      run: (_event, { attempt }) => {
        if (attempt === 1) throw new Error('made to fail once');
      },
    });
    const bench = openBench([job]);
    const esteira = await bench.run();
    await esteira.dispatch(job, invoice('p1'), { tenant: 'acme', priority: 1 });
    await esteira.dispatch(job, invoice('p2'), { tenant: 'acme', priority: 9, delay: '30ms' });
    await esteira.publish(invoicePaid, invoice('p3'), { tenant: 'acme' });
    await esteira.idle();
    expect(bench.types('job.completed')).toHaveLength(3);
    expect((await attempts(bench, HIGH)).sort()).toEqual(['1', '2', '2']);
    expect(await attempts(bench, 'bench.job.settle.low')).toEqual(['1', '2']);
    expect(await attempts(bench, 'bench.job.settle')).toEqual([]);
  });

  test('is replayed into its lane', async () => {
    const job = onInvoice({
      ...{ lanes: true, retry: { attempts: 1 } },
      run: () => {
        throw new UnrecoverableError('no');
      },
    });
    const bench = openBench([job]);
    const esteira = await bench.run({ roles: ['worker'] });
    await esteira.dispatch(job, invoice('p1'), { tenant: 'acme', priority: 3 });
    await esteira.idle();
    await esteira.stop();
    const producer = await bench.backend.broker.createProducer();
    const telling = {
      encode: () => ({ key: Buffer.alloc(0), value: Buffer.alloc(0) }),
      append: async () => undefined,
      post: (_record: unknown, done: () => void) => void setImmediate(done),
      observe: () => undefined,
    };
    const { broker } = bench.backend;
    await replayNow(
      {
        ...{ app: bench.app, backend: bench.backend, clock: systemClock },
        control: await openControlLog({ ns: bench.app.name, broker, clock: systemClock, log: silentLog }),
        service: { service: 'tests', host: 'here' },
        operator: { name: 'ana', roles: ['operator'] },
        connectWriter: async () => ({ producer, serde: bench.backend.serde, telemetry: telling }),
      },
      { selection: { jobType: 'settle' }, reason: 'mended', run: true },
    );
    expect(await bench.read(HIGH)).toHaveLength(2);
    expect(await bench.read('bench.job.settle')).toEqual([]);
  });

  test('of an ordered type keeps its order within the lane, also parked', async () => {
    const ran: string[] = [];
    const job = onInvoice({
      ...{ lanes: true, order: 'key', holdFor: 0, retry: { attempts: 2, backoff: '60ms' } },
      run: ({ paymentId }, { attempt }) => {
        if (paymentId.endsWith('-1') && attempt === 1) throw new Error('made to fail once');
        ran.push(paymentId);
      },
    });
    const bench = openBench([job]);
    const esteira = await bench.run();
    for (const number of [1, 2, 3]) {
      await esteira.dispatch(job, invoice(`urgent-${number}`), { tenant: 'acme', priority: 1 });
      await esteira.dispatch(job, invoice(`usual-${number}`), { tenant: 'acme' });
    }
    await esteira.idle();
    for (const lane of ['urgent', 'usual'])
      expect(ran.filter((id) => id.startsWith(lane))).toEqual([1, 2, 3].map((number) => `${lane}-${number}`));
    const places = (await bench.read('bench.wait.settle')).map(
      ({ headers }) => textHeaders(headers)['job-place']?.split('/')[0],
    );
    expect(new Set(places)).toEqual(new Set([HIGH, 'bench.job.settle']));
  });

  // Priority in memory cannot help what lies unread behind a full window.
  test('starts next, although the window of the normal ones is full and stays so', async () => {
    const ran: string[] = [];
    const started = latch();
    const held = latch();
    const job = onInvoice({
      ...{ lanes: true, concurrency: 1 },
      run: async ({ paymentId }) => {
        started.open();
        await held.opened;
        ran.push(paymentId);
      },
    });
    const bench = openBench([job]);
    const esteira = await bench.run({ engine: { window: { records: 10, bytes: 1_000_000 } } });
    for (let index = 0; index < 60; index += 1)
      await esteira.dispatch(job, invoice(`p${index}`), { tenant: 'acme' });
    await started.opened;
    await esteira.dispatch(job, invoice('urgent'), { tenant: 'acme', priority: 1 });
    await esteira.dispatch(job, invoice('last'), { tenant: 'acme' });
    held.open();
    await esteira.idle();
    // What runs, and what was claimed ahead of a slot, goes before it.
    expect(ran.indexOf('urgent')).toBeLessThan(12);
    expect(ran).toHaveLength(62);
  });
});

test('a record of a high priority that stands in the plain inbox, from before there were lanes, runs there', async () => {
  const before = openBench([onInvoice()]);
  const old = await before.run({ roles: [] });
  await old.dispatch(onInvoice(), invoice('p1'), { tenant: 'acme', priority: 1 });
  const bench = openBench([onInvoice({ lanes: true })]);
  const esteira = await bench.run();
  for (const { value, headers } of await before.read('bench.job.settle'))
    await bench.write('bench.job.settle', value, headers);
  await esteira.idle();
  expect(bench.types('job.completed')).toHaveLength(1);
  expect(await bench.read(HIGH)).toEqual([]);
});
