import { expect, test } from 'vitest';
import { z } from 'zod';
import { InvoicePaid } from '../../../../examples/condominium/generated/invoice-paid.ts';
import { AuditRecord } from '../../../../src/core/generated/audit-record.ts';
import { defineEvent, type Esteira, UnrecoverableError } from '../../../../src/index.ts';
import { changeKey, type KeyChange, listKeys, listQueues } from '../../../../src/runtime/inspection/index.ts';
import { invoice } from '../../../support/invoices.ts';
import { latch, waitFor } from '../../../support/wait.ts';
import { onInvoice, openBench } from '../../consumers/bench.ts';
import { lookAt } from './look.ts';

const paid = defineEvent(InvoicePaid, { topic: 'billing.events', check: z.any(), partitions: 1 });
type Options = NonNullable<Parameters<typeof onInvoice>[0]>;

/** An ordered job type: the ordering key is the currency. */
const ordered = (changes: Options) =>
  onInvoice({ on: paid, order: (event) => event.currency, holdFor: '20ms', ...changes });

const publish = async (esteira: Esteira, key: string, count: number): Promise<void> => {
  for (let place = 1; place <= count; place += 1)
    await esteira.publish(paid, invoice(`${key}${place}`, { currency: key }), { tenant: 'acme' });
};

const identity = { service: 'bench', host: 'host-a' };

/** What an operator asks of the keys of a bench. */
const asking = (bench: ReturnType<typeof openBench>) => {
  const { app, backend } = bench;
  const keys = async () => (await listKeys({ app, backend }, 'settle', Date.now())).keys;
  const change = (what: KeyChange, key: string, run: boolean, tenant = 'acme') =>
    changeKey(
      { app, backend, identity },
      { change: what, jobType: 'settle', tenant, key, actor: 'ana', reason: 'r', run, nowMs: Date.now() },
    );
  const audits = async () => {
    const records = await bench.read('bench.audit');
    const all = await Promise.all(
      records.map(async ({ value }) => {
        const decoded = await backend.serde.decode(AuditRecord, value);
        if (!decoded.ok) throw new Error(decoded.detail);
        return decoded.value;
      }),
    );
    return all.filter(({ action }) => action.startsWith('keys.'));
  };
  return { keys, change, audits };
};

/** Key `a` has a head that failed, due in `backoff`, and two records behind it; key `b` went through. */
const parkedBench = async (backoff: '1h' | '400ms', order: 'key' | undefined = undefined) => {
  const done: string[] = [];
  const job = ordered({
    ...(order === undefined ? {} : { order }),
    retry: { attempts: 5, backoff },
    run: (event) => {
      if (event.paymentId === 'a1') throw new TypeError('not yet');
      done.push(event.paymentId);
    },
  });
  const bench = openBench([job], { events: [paid] });
  const esteira = await bench.run();
  await publish(esteira, 'a', 3);
  await waitFor('parked copies', async () => (await bench.committed()) === 3n);
  return { bench, esteira, done, ...asking(bench) };
};

test('a parked key is listed with its head, its next attempt and its error; its followers say whom they wait for', async () => {
  const { bench, esteira, keys } = await parkedBench('1h');
  await publish(esteira, 'b', 1);
  await waitFor('b', async () => (await bench.committed()) === 4n);
  const [stuck, ...others] = await keys();
  expect(others).toEqual([]);
  expect(stuck).toMatchObject({
    tenant: 'acme',
    key: 'a',
    partition: 'billing.events/0',
    parked: 3,
    held: null,
  });
  expect(stuck?.head).toMatchObject({ position: 'billing.events/0/0', attempt: 2, dies: null });
  expect(stuck?.head?.error).toContain('not yet');
  expect(Date.parse(stuck?.head?.dueAt ?? '') - Date.now()).toBeGreaterThan(3_500_000);
  const { look, idsOf } = lookAt(bench);
  const [first = '', , third = ''] = await idsOf('billing.events');
  const head = await look(first);
  expect(head).toMatchObject({ state: 'retrying', waitsFor: 'due-time' });
  expect(head.says).toContain('the head of its ordering key "a" and waits at its place for attempt 2');
  const follower = await look(third);
  expect(follower).toMatchObject({ state: 'parked', waitsFor: 'head' });
  expect(follower.says).toContain(`behind 2 records of its ordering key "a": the head, job ${first} at`);
  expect(follower.todo).toContain('esteira keys skip settle --tenant acme --key a --reason …');
});

test('under order key the ordering key is shown as the record key it is', async () => {
  const { keys, change } = await parkedBench('1h', 'key');
  expect((await keys()).map(({ key }) => key)).toEqual(['acme']);
  expect(await change('skip', 'acme', false)).toMatchObject([{ outcome: 'would_skip' }]);
});

test('skip is a dry run at first; then the head dies, audited before, and its followers go on', async () => {
  const { bench, esteira, done, change, audits } = await parkedBench('400ms');
  const dry = await change('skip', 'a', false);
  expect(dry).toMatchObject([{ outcome: 'would_skip', partition: 'billing.events/0' }]);
  expect(await audits()).toEqual([]);
  const skipped = await waitFor('the skip', async () => {
    const [one] = await change('skip', 'a', true);
    // The head may be at one of its attempts just now.
    return one?.outcome === 'skipped' ? one : undefined;
  });
  expect(skipped.detail).toContain('billing.events/0/0');
  await esteira.idle();
  expect(done).toEqual(['a2', 'a3']);
  expect(bench.types('job.sent_to_dlq').map(({ reason }) => reason)).toEqual(['unrecoverable']);
  expect((await audits())[0]).toMatchObject({
    ...{ action: 'keys.skip', actor: 'ana', tenantId: 'acme' },
    details: { orderKey: 'a', place: '0', jobType: 'settle' },
  });
});

test('skip is refused while the head runs, and where nothing waits', async () => {
  const [started, finish] = [latch(), latch()];
  const job = ordered({
    detachAfter: '20ms',
    lease: '10s',
    run: async (event) => {
      if (event.paymentId !== 'a1') return;
      started.open();
      await finish.opened;
    },
  });
  const bench = openBench([job], { events: [paid] });
  const esteira = await bench.run();
  const { change, audits, keys } = asking(bench);
  await publish(esteira, 'a', 2);
  await started.opened;
  await waitFor('parked copies', async () => (await bench.committed()) === 2n);
  expect(await keys()).toMatchObject([{ key: 'a', parked: 2, head: { attempt: null } }]);
  expect(await change('skip', 'a', true)).toMatchObject([
    { outcome: 'refused', detail: expect.stringContaining('its head runs now') },
  ]);
  expect(await change('unblock', 'a', true)).toMatchObject([
    { outcome: 'refused', detail: 'nothing is held' },
  ]);
  expect(await change('skip', 'nope', true)).toMatchObject([{ outcome: 'refused', partition: '-' }]);
  expect(await change('skip', 'a', true, 'globex')).toMatchObject([{ outcome: 'refused', partition: '-' }]);
  expect(await audits()).toEqual([]);
  finish.open();
  await esteira.idle();
});

test('a held key is listed from its dead letters; unblock lifts the hold, so that what comes next runs', async () => {
  const done: string[] = [];
  const job = ordered({
    afterDead: 'hold',
    run: (event) => {
      if (event.paymentId === 'a1') throw new UnrecoverableError('never');
      done.push(event.paymentId);
    },
  });
  const bench = openBench([job], { events: [paid] });
  const esteira = await bench.run();
  const { keys, change, audits } = asking(bench);
  await publish(esteira, 'a', 2);
  await esteira.idle();
  expect(await keys()).toMatchObject([{ key: 'a', parked: 0, held: 2, head: null }]);
  // It was told to be replayed alone, which is refused while those before it in its key are dead.
  const [, second = ''] = await lookAt(bench).idsOf('billing.events');
  const behind = await lookAt(bench).look(second);
  expect(behind.says).toContain('behind_dead_letter: it was not run, since one before it');
  expect(behind.todo).toContain('`esteira replay plan --job-type settle --reason …`');
  expect(await change('unblock', 'a', false)).toMatchObject([{ outcome: 'would_lift' }]);
  expect(await change('unblock', 'a', true)).toMatchObject([{ outcome: 'lifted' }]);
  expect((await audits()).map(({ action }) => action)).toEqual(['keys.unblock']);
  expect(await keys()).toEqual([]);
  await esteira.publish(paid, invoice('a3', { currency: 'a' }), { tenant: 'acme' });
  await esteira.idle();
  expect(done).toEqual(['a3']);
});

test('nothing is changed when the audit cannot be written, or nobody says who and why', async () => {
  const { bench, change } = await parkedBench('1h');
  const { app, backend } = bench;
  const state = async () =>
    (
      await backend.state.order.inspect([
        { jobType: 'settle', tenant: 'acme', partition: 'billing.events/0', orderKey: 'a' },
      ])
    )[0];
  const before = await state();
  await bench.limit('bench.audit', 10);
  await expect(change('skip', 'a', true)).rejects.toMatchObject({ code: 'ESTEIRA_AUDIT_UNAVAILABLE' });
  const request = { change: 'skip' as const, jobType: 'settle', tenant: 'acme', key: 'a', nowMs: Date.now() };
  const nobody = changeKey({ app, backend, identity }, { ...request, actor: ' ', reason: 'r', run: true });
  await expect(nobody).rejects.toMatchObject({ code: 'ESTEIRA_USAGE' });
  expect(await state()).toEqual(before);
  expect(before?.head?.dead).toBeUndefined();
});

test('queues say what waits where, how long, what is parked and dead, and how far a limit is used', async () => {
  const { bench } = await parkedBench('1h');
  const report = await listQueues({ app: bench.app, backend: bench.backend }, Date.now());
  expect(report.queues).toMatchObject([
    {
      ...{ queue: 'default', priority: 'normal', limit: null },
      jobTypes: [{ jobType: 'settle', keysParked: 1, keysCut: false, deadLetters: 0 }],
    },
  ]);
  const topics = report.queues[0]?.jobTypes[0]?.topics ?? [];
  expect(topics.map(({ topic, records, hasOffsets }) => [topic, records, hasOffsets])).toEqual([
    ['billing.events', 0, true],
    ['bench.job.settle', 0, true],
    ['bench.wait.settle', 3, true],
  ]);
  expect(topics[0]?.oldest).toBeNull();
  expect(Date.now() - Date.parse(topics[2]?.oldest ?? '')).toBeLessThan(20_000);
});

test('a type without order has no keys', async () => {
  const bench = openBench([onInvoice()]);
  await bench.run({ roles: [] });
  const listed = listKeys({ app: bench.app, backend: bench.backend }, 'settle', Date.now());
  await expect(listed).rejects.toMatchObject({ code: 'ESTEIRA_USAGE' });
});
