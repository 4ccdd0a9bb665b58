import { describe, expect, test } from 'vitest';
import { trigger } from '../../../src/index.ts';
import { invoice } from '../../support/invoices.ts';
import { only } from '../../support/only.ts';
import { latch, waitFor } from '../../support/wait.ts';
import { invoicePaid, onInvoice, openBench, textHeaders } from './bench.ts';

const OWN = 'bench.job.settle.tenant.acme';
const dedicated = ['acme'];

describe('a tenant with an inbox of its own', () => {
  test('has its events taken there: one hop, in order, the same bytes, told with the reason', async () => {
    const ran: string[] = [];
    const job = onInvoice({ dedicated, run: (event) => void ran.push(event.paymentId) });
    const bench = openBench([job]);
    const esteira = await bench.run();
    for (let index = 0; index < 20; index += 1)
      await esteira.publish(invoicePaid, invoice(`p${index}`), { tenant: index % 2 ? 'globex' : 'acme' });
    await esteira.idle();
    const events = (await bench.read('billing.events')).filter(({ key }) => String(key) === 'acme');
    const copies = await bench.read(OWN);
    expect(copies.map(({ key, value }) => [key, value])).toEqual(
      events.map(({ key, value }) => [key, value]),
    );
    expect(copies.map(({ headers }) => textHeaders(headers)['job-origin'])).toEqual(
      events.map(({ offset }) => `billing.events/0/${offset}`),
    );
    expect(textHeaders(copies[0]?.headers ?? [])).toMatchObject({
      ...textHeaders(events[0]?.headers ?? []),
      ...{ 'job-hop': '0', 'job-attempt': '1' },
    });
    expect(ran).toHaveLength(20);
    const deferred = bench.types('job.deferred');
    expect(deferred).toHaveLength(10);
    expect(new Set(deferred.map(({ tenantId, reason }) => `${tenantId} ${reason}`))).toEqual(
      new Set(['acme dedicated_inbox']),
    );
    expect(await bench.read('bench.job.settle')).toEqual([]);
  });

  test('has its dispatches and retries there, and in its lanes', async () => {
    const job = onInvoice({
      ...{ dedicated, lanes: true },
      run: (_event, { attempt }) => {
        if (attempt === 1) throw new Error('made to fail once');
      },
    });
    const bench = openBench([job]);
    const esteira = await bench.run();
    await esteira.dispatch(job, invoice('p1'), { tenant: 'acme' });
    await esteira.dispatch(job, invoice('p2'), { tenant: 'acme', priority: 1 });
    await esteira.dispatch(job, invoice('p3'), { tenant: 'globex', priority: 10 });
    await esteira.idle();
    expect(bench.types('job.completed')).toHaveLength(3);
    const inboxes = [OWN, `${OWN}.high`, 'bench.job.settle.low'];
    for (const inbox of inboxes)
      expect((await bench.read(inbox)).map(({ headers }) => textHeaders(headers)['job-attempt'])).toEqual([
        '1',
        '2',
      ]);
    expect(bench.types('job.deferred')).toEqual([]);
  });

  // A flood is out of the others' way as fast as it can be written, also while nothing can start.
  test('does not keep its events in the window of the others while there is no slot', async () => {
    const held = latch();
    const started = latch();
    const ran: string[] = [];
    const job = onInvoice({
      ...{ dedicated, concurrency: 1 },
      run: async ({ paymentId }, { tenant }) => {
        if (paymentId === 'first') {
          started.open();
          await held.opened;
        }
        ran.push(tenant);
      },
    });
    const bench = openBench([job]);
    const esteira = await bench.run({
      engine: { window: { records: 200, bytes: 1_000_000 }, commitEveryMs: 10 },
    });
    await esteira.publish(invoicePaid, invoice('first'), { tenant: 'globex' });
    await started.opened;
    for (let index = 0; index < 100; index += 1)
      await esteira.publish(invoicePaid, invoice(`p${index}`), { tenant: 'acme' });
    await esteira.publish(invoicePaid, invoice('last'), { tenant: 'globex' });
    await waitFor('the flood to be out of the way', async () => (await bench.read(OWN)).length === 100);
    held.open();
    await waitFor('the other tenant', () => ran.filter((tenant) => tenant === 'globex').length === 2);
    expect(ran.indexOf('globex', 1)).toBeLessThan(25);
    await esteira.idle();
    expect(ran).toHaveLength(102);
  });

  test('waits out the delay of a trigger on a tier, and then comes to its inbox', async () => {
    const job = onInvoice({ dedicated, on: trigger(invoicePaid, { delay: '60ms' }) });
    const bench = openBench([job], { tiers: ['20ms', '50ms'] });
    const esteira = await bench.run();
    const before = Date.now();
    await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme' });
    await esteira.idle();
    expect(only(bench.types('job.started')).time - before).toBeGreaterThanOrEqual(60);
    expect(only(bench.types('job.deferred'))).toMatchObject({ reason: 'trigger_delay' });
    expect(textHeaders(only(await bench.read(OWN)).headers)).toMatchObject({
      'job-target': OWN,
      'job-origin': 'billing.events/0/0',
    });
  });

  // A process that dies after the copy was written, and before the commit, writes it again.
  test('runs what was forwarded twice once', async () => {
    let runs = 0;
    const job = onInvoice({
      dedicated,
      run: () => {
        runs += 1;
      },
    });
    const bench = openBench([job]);
    const esteira = await bench.run();
    await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme' });
    await esteira.idle();
    const copy = only(await bench.read(OWN));
    await bench.write(OWN, copy.value, copy.headers);
    await esteira.idle();
    expect([runs, bench.types('job.skipped').length]).toEqual([1, 0]);
  });

  test('loses nothing of its flood when the worker stops in the middle of it', async () => {
    const runs = new Map<string, number>();
    const job = onInvoice({
      dedicated,
      run: ({ paymentId }) => void runs.set(paymentId, (runs.get(paymentId) ?? 0) + 1),
    });
    const bench = openBench([job]);
    const changes = { engine: { window: { records: 50, bytes: 1_000_000 } } };
    const first = await bench.run({ ...changes, roles: [] });
    for (let index = 0; index < 300; index += 1)
      await first.publish(invoicePaid, invoice(`p${index}`), { tenant: 'acme' });
    const worker = await bench.run(changes);
    await waitFor('some to be forwarded', async () => (await bench.read(OWN)).length > 20, { everyMs: 1 });
    expect(await worker.stop()).toBe(true);
    const another = await bench.run(changes);
    await another.idle();
    expect(runs.size).toBe(300);
    expect([...runs.values()].filter((count) => count !== 1)).toEqual([]);
  });

  test('has what is of it in the plain inbox taken to its own, and other tenants keep theirs', async () => {
    const plain = openBench([onInvoice()]);
    const other = await plain.run({ roles: [] });
    await other.dispatch(onInvoice(), invoice('p1'), { tenant: 'acme' });
    await other.dispatch(onInvoice(), invoice('p2'), { tenant: 'globex' });
    const bench = openBench([onInvoice({ dedicated })]);
    const esteira = await bench.run();
    for (const { value, headers, key } of await plain.read('bench.job.settle'))
      await bench.write('bench.job.settle', value, headers, String(key));
    await esteira.idle();
    expect(bench.types('job.completed')).toHaveLength(2);
    expect(await bench.read(OWN)).toHaveLength(1);
  });

  test('has what cannot run die where it stands', async () => {
    const bench = openBench([onInvoice({ dedicated })]);
    const esteira = await bench.run();
    await bench.write('billing.events', Buffer.from('poison'), [
      ['ce_id', Buffer.from('e1')],
      ['ce_type', Buffer.from(invoicePaid.type)],
      ['ce_source', Buffer.from('x')],
      ['ce_tenantid', Buffer.from('acme')],
    ]);
    await esteira.idle();
    expect([(await bench.read('bench.dlq.settle')).length, await bench.read(OWN)]).toEqual([1, []]);
  });
});
