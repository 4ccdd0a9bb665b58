import { describe, expect, test } from 'vitest';
import type { JobContext } from '../../../src/index.ts';
import { invoice } from '../../support/invoices.ts';
import { latch, waitFor } from '../../support/wait.ts';
import { invoicePaid, onInvoice, openBench } from './bench.ts';

describe('a process that is asked to stop', () => {
  test('lets what runs end within the grace, settles it, and starts nothing new', async () => {
    const started = latch();
    const go = latch();
    let ended = 0;
    const job = onInvoice({
      concurrency: 1,
      run: async () => {
        started.open();
        await go.opened;
        ended += 1;
      },
    });
    const bench = openBench([job]);
    const esteira = await bench.run({
      environment: { LOG_LEVEL: 'info', WORKER_SHUTDOWN_GRACE_SECONDS: '10' },
    });
    for (const id of ['a', 'b']) await esteira.publish(invoicePaid, invoice(id), { tenant: 'acme' });
    await started.opened;
    const stopped = esteira.stop();
    go.open();
    expect(await stopped).toBe(true);
    expect(ended).toBe(1);
    expect(bench.types('job.started')).toHaveLength(1);
    expect(await bench.committed()).toBe(1n);
  });

  test('takes back what does not end, which runs elsewhere with no attempt and no start spent', async () => {
    const runs: JobContext[] = [];
    const reasons: unknown[] = [];
    const job = onInvoice({
      run: async (_event, ctx) => {
        runs.push(ctx);
        if (runs.length > 1) return;
        await new Promise((resolve) => ctx.signal.addEventListener('abort', resolve, { once: true }));
        reasons.push(ctx.signal.reason);
        throw new Error('aborted');
      },
    });
    const bench = openBench([job]);
    const first = await bench.run({
      environment: { LOG_LEVEL: 'silent', WORKER_SHUTDOWN_GRACE_SECONDS: '0' },
    });
    await first.publish(invoicePaid, invoice('p1'), { tenant: 'acme' });
    await waitFor('the run', () => runs.length === 1);
    expect(await first.stop()).toBe(true);
    expect(reasons).toMatchObject([{ code: 'ESTEIRA_CLOSED', message: expect.stringContaining('stopping') }]);
    expect(bench.types('job.failed')).toEqual([]);
    expect(await bench.committed()).toBe(0n);
    const second = await bench.run();
    await second.idle();
    expect(runs.map(({ attempt, starts }) => [attempt, starts])).toEqual([
      [1, 1],
      [1, 1],
    ]);
    expect(bench.types('job.completed')).toHaveLength(1);
  });

  test('stops also beside a handler that ignores everything, and says which step was late or that none was', async () => {
    const never = latch();
    const job = onInvoice({ run: () => never.opened });
    const bench = openBench([job]);
    const esteira = await bench.run({
      environment: { LOG_LEVEL: 'info', WORKER_SHUTDOWN_GRACE_SECONDS: '0' },
    });
    await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme' });
    await waitFor('the run', () => bench.types('job.started').length === 1);
    await esteira.stop();
    never.open();
    const steps = bench.lines.map((line) => JSON.parse(line)).filter(({ step }) => step !== undefined);
    expect(steps.map(({ step }) => step)).toEqual([
      'finish running jobs',
      'commit and leave groups',
      'flush and close producer',
      'shut telemetry down',
    ]);
    expect(await bench.committed()).toBe(0n);
  });

  test("closes the app's own resources last, in reverse; one that fails or hangs keeps none from its turn", async () => {
    const closed: string[] = [];
    const go = latch();
    const started = latch();
    const run = async (): Promise<void> => {
      started.open();
      await go.opened;
      closed.push('the handler ended');
    };
    const fails = (): never => {
      closed.push('cache');
      throw new Error('the cache was closed already');
    };
    const resources = [
      { name: 'pool', close: async () => void closed.push('pool') },
      { name: 'cache', close: fails },
      { name: 'deaf', close: () => new Promise(() => undefined) },
      { name: 'mailer', close: () => closed.push('mailer') },
    ];
    const bench = openBench([onInvoice({ run })], { resources });
    const esteira = await bench.run({ environment: { LOG_LEVEL: 'info' } });
    await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme' });
    await started.opened;
    const stopped = esteira.stop();
    go.open();
    expect(await stopped).toBe(false);
    expect(closed).toEqual(['the handler ended', 'mailer', 'cache', 'pool']);
    const steps = bench.lines.map((line) => JSON.parse(line)).filter(({ step }) => step !== undefined);
    expect(steps.map(({ step, error }) => error ?? step).slice(-6)).toEqual([
      'flush and close producer',
      'close mailer',
      'close deaf',
      'the cache was closed already',
      'close pool',
      'shut telemetry down',
    ]);
  });

  test('twice stops once', async () => {
    const bench = openBench([onInvoice()]);
    const esteira = await bench.run();
    expect(await Promise.all([esteira.stop(), esteira.stop()])).toEqual([true, true]);
    expect(await esteira.stop()).toBe(true);
    expect(bench.lines.filter((line) => line.includes('commit and leave groups'))).toHaveLength(1);
  });

  test('publishes and dispatches nothing any more', async () => {
    const bench = openBench([onInvoice()]);
    const esteira = await bench.run();
    await esteira.stop();
    await expect(esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme' })).rejects.toMatchObject({
      code: 'ESTEIRA_CLOSED',
    });
    expect(await bench.read('billing.events')).toEqual([]);
  });
});
