import { expect, test } from 'vitest';
import type { InvoicePaid } from '../../../examples/condominium/generated/invoice-paid.ts';
import { contextHeaders } from '../../../src/core/envelope.ts';
import type { JobEventType } from '../../../src/core/job-event.ts';
import { type Esteira, type JobOptions, trigger, UnrecoverableError } from '../../../src/index.ts';
import { invoice } from '../../support/invoices.ts';
import { pause, waitFor } from '../../support/wait.ts';
import { invoicePaid, onInvoice, openBench } from './bench.ts';

const TELEMETRY = 'bench.telemetry.jobs';

interface Way {
  readonly job?: Partial<JobOptions<InvoicePaid>>;
  readonly ends: JobEventType;
  /** Published beforehand, with telemetry working. */
  readonly before?: number;
}

const fails = (): never => {
  throw new Error('not now');
};
const dies = (): never => {
  throw new UnrecoverableError('never');
};

const WAYS: Readonly<Record<string, Way>> = {
  'a job that completes': { ends: 'job.completed' },
  'an attempt that is repeated': { job: { run: fails }, ends: 'job.retried' },
  'a dead letter': { job: { run: dies }, ends: 'job.sent_to_dlq' },
  'a repeat': { job: { idempotencyKey: () => 'one' }, ends: 'job.skipped', before: 1 },
  'a job that is over without a run': { job: { shouldRun: () => false }, ends: 'job.skipped' },
  'a job that waits elsewhere': {
    job: { on: trigger(invoicePaid, { delay: '50ms' }) },
    ends: 'job.deferred',
  },
  'a job of an ordered type': { job: { order: 'key' }, ends: 'job.completed' },
  'a dead letter of an ordered type': { job: { order: 'key', run: dies }, ends: 'job.sent_to_dlq' },
};

const publish = (esteira: Esteira, at: number) =>
  esteira.publish(invoicePaid, invoice(`p${at}`), { tenant: 'acme', id: `p${at}` });

test.each(Object.entries(WAYS))(
  'what is told of %s is acknowledged before its offset is committed',
  async (_, { job = {}, ends, before = 0 }) => {
    const bench = openBench([onInvoice({ retry: { attempts: 2, backoff: '50ms' }, ...job })]);
    const esteira = await bench.run();
    for (let at = 0; at < before; at++) await publish(esteira, at);
    await esteira.idle();
    bench.faults.holdAcks(TELEMETRY);
    await publish(esteira, before);
    await waitFor(`${ends} to be told`, () => bench.types(ends).length === 1);
    await pause(100); // several times as long as commits take here
    expect(await bench.committed()).toBe(BigInt(before));
    bench.faults.releaseAcks();
    await waitFor('the commit', async () => (await bench.committed()) === BigInt(before + 1));
  },
);

test('so it is with bytes that nobody can read', async () => {
  const bench = openBench([onInvoice()]);
  await bench.run();
  bench.faults.holdAcks(TELEMETRY);
  const headers = contextHeaders({ eventId: 'e', eventType: invoicePaid.type, source: 's', tenant: 'acme' });
  await bench.write('billing.events', Buffer.from('broken'), headers);
  await waitFor('its end to be told', () => bench.types('job.sent_to_dlq').length === 1);
  await pause(100);
  expect(await bench.committed()).toBe(0n);
  bench.faults.releaseAcks();
  await waitFor('the commit', async () => (await bench.committed()) === 1n);
});
