import { expect, test } from 'vitest';
import { EsteiraError } from '../../../../src/core/errors.ts';
import { UnrecoverableError } from '../../../../src/index.ts';
import { listQueues } from '../../../../src/runtime/inspection/index.ts';
import { invoice } from '../../../support/invoices.ts';
import { waitFor } from '../../../support/wait.ts';
import { invoicePaid, onInvoice, openBench } from '../../consumers/bench.ts';

const gate = () => {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
};

/** The only job type of a bench, as `esteira queues list` sees it, as soon as it is as wanted. */
const untilListed = ({ app, backend }: ReturnType<typeof openBench>, wanted: string) => {
  const list = async () => {
    const { queues } = await listQueues({ app, backend }, Date.now());
    const type = queues[0]?.jobTypes[0];
    return type;
  };
  return {
    list,
    until: async (what: (type: NonNullable<Awaited<ReturnType<typeof list>>>) => boolean) =>
      waitFor(wanted, async () => {
        const type = await list();
        return type !== undefined && what(type) ? type : undefined;
      }),
  };
};

test('what runs is counted over all processes, and is forgotten when they stop', async () => {
  const { opened, open } = gate();
  const bench = openBench([onInvoice({ run: () => opened })]);
  const processes = [await bench.run(), await bench.run()];
  for (const id of ['a', 'b', 'c']) await processes[0]?.publish(invoicePaid, invoice(id), { tenant: 'acme' });
  const { list, until } = untilListed(bench, 'three to run');
  const type = await until(({ running, reporting }) => running === 3 && reporting === 2);
  expect(type).toMatchObject({ starts: 'free', stopped: [], members: 2 });
  open();
  for (const one of processes) await one.stop();
  expect(await list()).toMatchObject({ running: null, reporting: 0 });
});

test('a dependency that is down is named, with whom it stops and since when, until it is up', async () => {
  const sink = { isDown: true };
  const run = () => {
    if (sink.isDown)
      throw Object.assign(new Error('no answer'), { code: 'ECONNREFUSED', address: 'bank', port: 443 });
  };
  const bench = openBench([onInvoice({ run })]);
  const esteira = await bench.run({ engine: { suspension: { tenantsForAll: 2, firstPauseMs: 1_500 } } });
  const beforeMs = Date.now();
  await esteira.publish(invoicePaid, invoice('a'), { tenant: 'acme' });
  const forOne = await untilListed(bench, 'one tenant to be suspended').until(
    ({ starts }) => starts === 'in-part',
  );
  expect(forOne.stopped).toMatchObject([
    { kind: 'dependency', what: 'bank:443', tenant: 'acme', processes: 1 },
  ]);
  expect(Date.parse(forOne.stopped[0]?.since ?? '')).toBeGreaterThanOrEqual(beforeMs);
  expect(Date.parse(forOne.stopped[0]?.nextTry ?? '')).toBeGreaterThan(beforeMs);
  await esteira.publish(invoicePaid, invoice('b'), { tenant: 'globex' });
  const forAll = await untilListed(bench, 'all to be suspended').until(
    ({ starts }) => starts === 'suspended',
  );
  expect(forAll.stopped.some(({ tenant, what }) => tenant === null && what === 'bank:443')).toBe(true);
  sink.isDown = false;
  await untilListed(bench, 'it to go on').until(
    ({ starts, stopped }) => starts === 'free' && stopped.length === 0,
  );
}, 20_000);

test('with the store out of reach what waits is listed all the same, and what is not known is said', async () => {
  const bench = openBench([onInvoice()], {
    state: (store) => ({
      ...store,
      reports: {
        ...store.reports,
        reports: () => Promise.reject(new EsteiraError('ESTEIRA_STATE_UNAVAILABLE', 'Redis is away')),
      },
    }),
  });
  await bench.run({ roles: [] });
  const report = await listQueues({ app: bench.app, backend: bench.backend }, Date.now());
  expect(report.gaps).toEqual(['what runs, and what is stopped, is not known: Redis is away']);
  expect(report.queues[0]?.jobTypes[0]).toMatchObject({ running: null, reporting: 0, starts: 'unknown' });
});

test('keys that a dead letter holds are counted, with nothing parked behind them', async () => {
  const run = () => {
    throw new UnrecoverableError('the entry is wrong');
  };
  const bench = openBench([
    onInvoice({ order: 'key', afterDead: 'hold', run }),
    onInvoice({ type: 'free', order: 'key' }),
  ]);
  const esteira = await bench.run();
  await esteira.publish(invoicePaid, invoice('a'), { tenant: 'acme' });
  await waitFor('its dead letter', async () => (await bench.read('bench.dlq.settle')).length === 1);
  await esteira.idle();
  const { queues } = await listQueues({ app: bench.app, backend: bench.backend }, Date.now());
  expect(queues[0]?.jobTypes).toMatchObject([
    { jobType: 'settle', keysParked: 0, keysHeld: 1, keysCut: false },
    { jobType: 'free', keysParked: 0, keysHeld: null },
  ]);
});
