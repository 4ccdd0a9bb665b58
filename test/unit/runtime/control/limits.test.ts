import { expect, test } from 'vitest';
import { silentLog } from '../../../../src/core/ports/log.ts';
import { changeLimit, type LimitValues } from '../../../../src/runtime/control/index.ts';
import { invoice } from '../../../support/invoices.ts';
import { latch, waitFor } from '../../../support/wait.ts';
import { type BenchOptions, invoicePaid, onInvoice, openBench } from '../../consumers/bench.ts';

/** Jobs that run until they are let go, and how many ran at once at most since the last look. */
const gatedBench = (options: BenchOptions) => {
  let running = 0;
  let most = 0;
  let ended = 0;
  let gate = latch();
  const job = onInvoice({
    queue: 'mail',
    run: async () => {
      running += 1;
      most = Math.max(most, running);
      await gate.opened;
      running -= 1;
      ended += 1;
    },
  });
  const bench = openBench([job], options);
  const parts = { app: bench.app, backend: bench.backend, log: silentLog };
  const set = (values: LimitValues | undefined, tenant?: string) =>
    changeLimit(
      { ...parts, identity: { service: 'bench', host: 'h' } },
      {
        ...{
          actor: 'ana',
          reason: 'the provider is slow',
          run: true,
          nowMs: Date.now(),
          queue: 'mail',
          values,
        },
        ...(tenant === undefined ? {} : { tenant }),
      },
    );
  return {
    ...bench,
    set,
    running: () => running,
    ended: () => ended,
    mostSince: () => {
      const found = most;
      most = running;
      return found;
    },
    /** Ends those that run; what starts next waits at a new gate. */
    letGo: () => {
      const old = gate;
      gate = latch();
      old.open();
    },
    obeyed: (changes: number) =>
      waitFor(
        'the change',
        () => bench.lines.filter((line) => line.includes('rules of op')).length >= changes,
      ),
  };
};

const publish = async (bench: ReturnType<typeof gatedBench>, count: number): Promise<void> => {
  const esteira = await bench.run();
  for (let id = 0; id < count; id += 1)
    await esteira.publish(invoicePaid, invoice(`p-${id}`), { tenant: 'acme', id: `p-${id}` });
};

test.each([
  ['concurrency in one process', {}, { concurrency: 2 }],
  ['limit over all processes', { limit: 5 }, { limit: 2 }],
] as const)('the %s of a queue is lowered and raised while it works', async (_, mail, values) => {
  const bench = gatedBench({ queues: { mail: { concurrency: 5, ...mail } } });
  await publish(bench, 40);
  await waitFor('five to run', () => bench.running() === 5);
  expect(await bench.set(values)).toMatchObject({ outcome: 'set' });
  await bench.obeyed(1);
  bench.letGo();
  await waitFor('two to run', () => bench.ended() === 5 && bench.running() === 2);
  bench.mostSince();
  bench.letGo();
  await waitFor('two more', () => bench.ended() === 7 && bench.running() === 2);
  expect(bench.mostSince()).toBe(2);
  expect(await bench.set(undefined)).toMatchObject({ outcome: 'cleared' });
  await bench.obeyed(2);
  bench.letGo();
  await waitFor('five to run again', () => bench.running() === 5);
  bench.letGo();
});

test('a tenant’s concurrency is its own', async () => {
  const bench = gatedBench({ queues: { mail: { concurrency: 5 } } });
  const idle = await bench.run({ roles: [] });
  await bench.set({ concurrency: 1 }, 'acme');
  for (let id = 0; id < 3; id += 1)
    for (const tenant of ['acme', 'globex'])
      await idle.publish(invoicePaid, invoice(`${tenant}-${id}`), { tenant, id: `${tenant}-${id}` });
  await bench.run();
  await waitFor('one of the one and three of the other', () => bench.running() === 4);
  bench.letGo();
  await waitFor('the next of the one', () => bench.ended() === 4 && bench.running() === 1);
  bench.letGo();
  await waitFor('its last', () => bench.ended() === 5 && bench.running() === 1);
  bench.letGo();
});

test('what workers could not obey is refused, and so is a rule that says nothing', async () => {
  const bench = gatedBench({ queues: { mail: { concurrency: 5 } } });
  await bench.run({ roles: [] });
  expect(await bench.set({ limit: 2 })).toMatchObject({
    outcome: 'refused',
    detail: expect.stringContaining("queues: { 'mail': { limit: 10_000 } }"),
  });
  expect(await bench.set({})).toMatchObject({ outcome: 'refused' });
});
