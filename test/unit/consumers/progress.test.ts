import { describe, expect, test } from 'vitest';
import { ProgressTeller } from '../../../src/consumers/progress-teller.ts';
import type { Broker, RecordProducer } from '../../../src/core/ports/broker.ts';
import { checkProgress, type Progress, type ProgressFacts } from '../../../src/core/progress.ts';
import { EsteiraError, JobEvent } from '../../../src/index.ts';
import { invoice } from '../../support/invoices.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { latch, pause, waitFor } from '../../support/wait.ts';
import { invoicePaid, onInvoice, openBench } from './bench.ts';

const told = () => {
  const clock = manualClock();
  const reports: (number | undefined)[] = [];
  const parts: number[] = [];
  const teller = new ProgressTeller(clock, ({ metrics }: Progress, part) => {
    reports.push(metrics['percent']);
    parts.push(part);
  });
  return { clock, teller, reports, parts };
};

describe('the progress of a run', () => {
  test('is told at once, then at most once a second, the last of each second', async () => {
    const { clock, teller, reports, parts } = told();
    for (const percent of [1, 2, 3]) await teller.report({ percent });
    expect(reports).toEqual([1]);
    clock.advance(999);
    expect(reports).toEqual([1]);
    clock.advance(1);
    expect(reports).toEqual([1, 3]);
    clock.advance(5_000);
    await teller.report({ percent: 4 });
    expect([reports, parts]).toEqual([
      [1, 3, 4],
      [1, 2, 3],
    ]);
  });

  test('is told to its very last report, when the run ends before the second is over', async () => {
    const { clock, teller, reports } = told();
    await teller.report({ percent: 1 });
    await teller.report({ percent: 100 });
    teller.end();
    expect(reports).toEqual([1, 100]);
    clock.advance(5_000);
    expect(reports).toEqual([1, 100]);
  });

  test('is refused after the end, by a rejection that hurts nobody who does not look', async () => {
    const { teller } = told();
    teller.end();
    void teller.report({ percent: 1 });
    await expect(teller.report({ percent: 1 })).rejects.toMatchObject({ code: 'ESTEIRA_HANDLER_INVALID' });
  });

  test('is what was said, not what became of it later; a percentage beyond its ends is the end', () => {
    const metrics = { rows: 1 };
    const progress = checkProgress({ percent: 100.4, metrics, dimensions: { step: 'read' } });
    metrics.rows = 2;
    expect(progress).toEqual({ dimensions: { step: 'read' }, metrics: { rows: 1, percent: 100 } });
    expect(checkProgress({ percent: -3 }).metrics).toEqual({ percent: 0 });
  });

  test.each<[string, ProgressFacts]>([
    ['a percentage that is no number', { percent: Number.NaN }],
    ['a metric that is not finite', { metrics: { rate: Number.POSITIVE_INFINITY } }],
    ['a dimension of any length', { dimensions: { step: 'x'.repeat(257) } }],
    ['names of any length', { metrics: { ['x'.repeat(65)]: 1 } }],
    ['any number of them', { metrics: Object.fromEntries(Array.from({ length: 33 }, (_, at) => [at, 1])) }],
  ])('refuses %s', (_, facts) => {
    expect(() => checkProgress(facts)).toThrow(EsteiraError);
  });
});

describe('ctx.progress', () => {
  test('is told on the telemetry topic before the end of the job, and to local listeners; with its facts', async () => {
    let late: (() => Promise<void>) | undefined;
    const job = onInvoice({
      run: async (_, ctx) => {
        late = () => ctx.progress({ percent: 100 });
        await ctx.progress({ percent: 10, dimensions: { step: 'for jo@example.com' } });
        await pause(5);
        await ctx.progress({ percent: 50 });
        await ctx.progress({ percent: 90, metrics: { rows: 12 } });
      },
    });
    const bench = openBench([job]);
    const esteira = await bench.run();
    const heard: JobEvent[] = [];
    esteira.on('progress', (event) => heard.push(event));
    await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme' });
    await esteira.idle();
    expect(heard.map(({ metrics }) => metrics)).toEqual([{ percent: 10 }, { percent: 90, rows: 12 }]);
    const [started] = bench.types('job.started');
    const [first, second] = heard;
    expect(first?.dimensions['step']).toMatch(/^for \[redacted:/);
    expect(first).toMatchObject({
      ...{ jobId: started?.jobId, executionId: started?.executionId, fence: started?.fence, attempt: 1 },
      runMs: expect.any(Number),
    });
    expect(second?.eventId).not.toBe(first?.eventId);
    const records = await bench.read('bench.telemetry.jobs');
    const types = await Promise.all(
      records.map(async ({ value }) => {
        const decoded = await bench.backend.serde.decode(JobEvent, value);
        return decoded.ok ? decoded.value.type : decoded.code;
      }),
    );
    expect(types).toEqual(['job.started', 'job.progress', 'job.progress', 'job.completed']);
    await expect(late?.()).rejects.toMatchObject({ code: 'ESTEIRA_HANDLER_INVALID' });
    expect(heard).toHaveLength(2);
  });

  test('is durable before the job is settled: its offset waits for the last report', async () => {
    const held = latch();
    let holding = false;
    const broker = (inner: Broker): Broker => ({
      admin: inner.admin,
      createConsumer: (options) => inner.createConsumer(options),
      close: () => inner.close(),
      createProducer: async (options) => {
        const producer = await inner.createProducer(options);
        const post: RecordProducer['post'] = (record, done) => {
          if (record.value?.includes('job.progress') !== true) return producer.post(record, done);
          holding = true;
          producer.post(record, (...answer) => void held.opened.then(() => done(...answer)));
        };
        return {
          send: (record, given) => producer.send(record, given),
          flush: () => producer.flush(),
          close: (timeoutMs) => producer.close(timeoutMs),
          post,
        };
      },
    });
    const bench = openBench([onInvoice({ run: (_, ctx) => ctx.progress({ percent: 100 }) })], { broker });
    const esteira = await bench.run();
    await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme' });
    await waitFor('the job to complete', () => holding && bench.types('job.completed').length === 1);
    await pause(100); // several times as long as commits take here
    expect(await bench.committed()).toBe(0n);
    held.open();
    await esteira.idle();
    expect(await bench.committed()).toBe(1n);
  });
});
