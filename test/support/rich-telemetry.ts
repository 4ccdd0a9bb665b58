import { z } from 'zod';
import { contextHeaders } from '../../src/core/envelope.ts';
import { silentLog } from '../../src/core/ports/log.ts';
import { defineJob, JobEvent, trigger, UnrecoverableError } from '../../src/index.ts';
import type { Backend } from '../../src/runtime/backend.ts';
import { replayNow, withReplay } from '../../src/runtime/replay/index.ts';
import { invoicePaid, onInvoice } from '../unit/consumers/bench.ts';
import { operatedBench, publish } from '../unit/runtime/control/operated-bench.ts';
import { invoice } from './invoices.ts';
import { waitFor } from './wait.ts';

const refused = (): Error =>
  Object.assign(new Error('no'), { code: 'ECONNREFUSED', address: '127.0.0.1', port: 25 });

/** What is broken until it is mended. */
const world = () => ({ sinkIsDown: true, entryIsWrong: true });

/** Handlers that do, by the payment's name, all that a handler can. */
const jobsOf = (state: ReturnType<typeof world>) => {
  const settle = onInvoice({
    on: trigger(invoicePaid, { when: ({ paymentId }) => !paymentId.startsWith('doomed') }),
    idempotencyKey: ({ paymentId }) => paymentId,
    cost: { currency: 'BRL', perAttempt: 0.01, per: { token: 0.000_002 } },
    dimensions: ({ currency }) => ({ marketplace: 'meli', region: currency }),
    shouldRun: ({ paymentId }) => paymentId !== 'settled',
    run: async ({ paymentId }, ctx) => {
      ctx.addCost('token', 1_500);
      ctx.report({ metrics: { records_total: 7 } });
      if (paymentId === 'flaky' && ctx.attempt === 1) throw new Error('not yet');
      if (paymentId === 'down' && state.sinkIsDown) throw refused();
      if (paymentId === 'wrong' && state.entryIsWrong) throw new UnrecoverableError('the entry is wrong');
      if (paymentId === 'long') await ctx.progress({ percent: 50, dimensions: { step: 'import' } });
    },
  });
  const remind = onInvoice({
    type: 'remind',
    on: trigger(invoicePaid, { delay: '1s', when: ({ paymentId }) => paymentId === 'fine' }),
    dimensions: ({ currency }) => ({ region: currency }),
  });
  const doom = onInvoice({
    ...{ type: 'doom', retry: { attempts: 1 }, deadLetterGuard: { run: 2, of: 2 } },
    on: trigger(invoicePaid, { when: ({ paymentId }) => paymentId.startsWith('doomed') }),
    run: () => {
      throw new UnrecoverableError('the entry is wrong');
    },
  });
  const report = defineJob({
    ...{ type: 'report', kind: 'system', order: 'none', payload: z.object({ month: z.string() }) },
    dimensions: ({ month }) => ({ month }),
    run: () => undefined,
  });
  return { settle, remind, doom, report };
};

/** A run that is over: its services, and all events as they stand on the topic. */
export interface RichRun {
  readonly backend: Backend;
  readonly events: readonly JobEvent[];
}

/** A run in memory in which everything happens that is told; the app is called `bench`. */
export const richRun = async (): Promise<RichRun> => {
  const state = world();
  const { settle, remind, doom, report } = jobsOf(state);
  const bench = operatedBench([settle, remind, doom, report], { tiers: ['20ms', '50ms', '200ms', '1s'] });
  const { app, backend, types, write } = bench;
  const publisher = await bench.run({ roles: [] });
  const gone = await publisher.dispatch(report, { month: '2026-09' }, { tenant: 'globex', delay: '20ms' });
  await bench.cancel(gone.id);
  const esteira = await bench.run({ engine: { suspension: { firstPauseMs: 50 } } });
  const told = (type: string, jobType: string, count = 1): Promise<boolean> =>
    waitFor(
      `${count} ${type} of ${jobType}`,
      () => types(type).filter((event) => event.jobType === jobType).length >= count,
    );

  for (const id of ['fine', 'flaky', 'settled', 'wrong', 'long', 'doomed-1', 'doomed-2'])
    await publish(esteira, id);
  await esteira.publish(invoicePaid, invoice('fine'), { tenant: 'acme', id: 'again' });
  const broken = contextHeaders({
    ...{ eventId: 'broken', eventType: invoicePaid.type, source: 'foreign', tenant: 'acme' },
    correlationId: 'broken',
  });
  await write('billing.events', Buffer.from('broken'), broken);
  await esteira.dispatch(report, { month: '2026-10' }, { tenant: 'globex', userId: 'jo' });

  await told('job.suspended', 'doom');
  // The guard's pause is obeyed before it stands on the control topic, where an operator can end it.
  await waitFor('the pause to be ended', async () => {
    const { outcome } = await bench.order('resume', { what: 'tenant', tenant: 'acme', jobType: 'doom' });
    return outcome === 'cleared';
  });
  await told('job.resumed', 'doom');
  await publish(esteira, 'down');
  await told('job.suspended', 'settle');
  state.sinkIsDown = false;
  await told('job.resumed', 'settle');
  await told('job.sent_to_dlq', 'settle', 2);
  await told('job.cancelled', 'report');
  await esteira.idle();
  state.entryIsWrong = false;
  const operator = { name: 'ana', roles: ['operator', 'approver'] as const };
  const service = { service: 'bench', host: 'host-a' };
  await withReplay({ app, backend, log: silentLog, service, operator }, (parts) =>
    replayNow(parts, { selection: { jobType: 'settle' }, reason: 'the entry is mended', run: true }),
  );
  await esteira.idle();
  const records = await bench.read('bench.telemetry.jobs');
  const events = await Promise.all(
    records.map(async ({ value }) => {
      const decoded = await backend.serde.decode(JobEvent, value);
      if (!decoded.ok) throw new Error(decoded.detail);
      return decoded.value;
    }),
  );
  return { backend, events };
};
