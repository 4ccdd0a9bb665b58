import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  completed,
  defineJob,
  JobEvent,
  MetricsCollector,
  marketplaceKey,
  type ReportFacts,
} from '../../../src/index.ts';
import { invoice } from '../../support/invoices.ts';
import { latch, waitFor } from '../../support/wait.ts';
import { invoicePaid, onInvoice, openBench } from './bench.ts';

const COST = { currency: 'BRL', perAttempt: 0.01, per: { token: 0.000002, request: 0.05 } } as const;

const published = async (bench: ReturnType<typeof openBench>, ids: readonly string[] = ['p1']) => {
  const esteira = await bench.run();
  for (const id of ids) await esteira.publish(invoicePaid, invoice(id), { tenant: 'acme' });
  await esteira.idle();
  return esteira;
};

/** What stands on the telemetry topic, with the key of each record. */
const onTopic = async (bench: ReturnType<typeof openBench>) =>
  Promise.all(
    (await bench.read('bench.telemetry.jobs')).map(async ({ key, value }) => {
      const decoded = await bench.backend.serde.decode(JobEvent, value);
      if (!decoded.ok) throw new Error(decoded.detail);
      return { key: key?.toString(), event: decoded.value };
    }),
  );

describe('what a handler reports', () => {
  test('is told on the completion, the last word of each name, redacted; and nowhere else', async () => {
    const job = onInvoice({
      run: (_, { report }) => {
        report({ dimensions: { region: 'north', buyer: 'jo@example.com' }, metrics: { rows: 1, kept: 1 } });
        report({ dimensions: { region: 'south' }, metrics: { rows: 2 } });
      },
    });
    const bench = openBench([job]);
    await published(bench);
    const [{ event } = expect.fail()] = (await onTopic(bench)).filter(
      (one) => one.event.type === 'job.completed',
    );
    expect(event).toMatchObject({
      dimensions: { region: 'south', buyer: '[redacted:email]' },
      metrics: { rows: 2, kept: 1 },
      ...{ costMicros: null, costCurrency: null },
    });
    expect(bench.types('job.started')[0]).toMatchObject({ dimensions: {}, metrics: {} });
  });

  test('is told of the attempt that failed, and of each attempt only its own', async () => {
    const job = onInvoice({
      cost: COST,
      run: (_, ctx) => {
        const metrics = new MetricsCollector(ctx, { marketplace: 'meli' });
        metrics.valid(3);
        ctx.addCost('token', 1_000 * ctx.attempt);
        if (ctx.attempt === 1) {
          metrics.error('price');
          throw new Error('the store is tired');
        }
      },
    });
    const bench = openBench([job]);
    await published(bench);
    const [failed] = bench.types('job.failed');
    const [done] = bench.types('job.completed');
    expect(failed).toMatchObject({
      dimensions: { marketplace: 'meli' },
      metrics: { records_total: 4, error_rate: 0.25, 'errors_by_field.price': 1, 'cost.token': 1_000 },
      ...{ costMicros: 12_000, costCurrency: 'BRL' },
    });
    expect(done).toMatchObject({
      metrics: { records_total: 3, error_rate: 0, 'cost.token': 2_000 },
      ...{ costMicros: 14_000, costCurrency: 'BRL' },
    });
    expect(done?.metrics['latency_ms']).toBeGreaterThanOrEqual(done?.metrics['processing_time_ms'] ?? 0);
    const others = bench.told.filter(({ type }) => type !== 'job.failed' && type !== 'job.completed');
    expect(others.map(({ costMicros }) => costMicros)).toEqual(others.map(() => null));
  });

  test('is told of a job that dies, whose cost is on its failed attempts and not once more', async () => {
    const job = onInvoice({
      ...{ cost: COST, retry: { attempts: 1 } },
      run: (_, ctx) => {
        ctx.addCost('request', 2);
        throw new Error('no');
      },
    });
    const bench = openBench([job]);
    await published(bench);
    const costs = (await onTopic(bench)).map(({ event }) => event.costMicros ?? 0);
    expect(bench.types('job.sent_to_dlq')).toHaveLength(1);
    expect(costs.reduce((sum, cost) => sum + cost, 0)).toBe(110_000);
  });

  test('that cannot be told is refused where it is said, and fails the attempt of a handler that lets it', async () => {
    const bad: readonly ReportFacts[] = [
      { metrics: { rate: Number.NaN } },
      { dimensions: { a: 'x'.repeat(257) } },
      { metrics: Object.fromEntries(Array.from({ length: 65 }, (_, at) => [`m${at}`, 1])) },
      { dimensions: Object.fromEntries(Array.from({ length: 33 }, (_, at) => [`d${at}`, ''])) },
    ];
    const said: string[] = [];
    const job = onInvoice({
      ...{ cost: COST, retry: { attempts: 1 } },
      run: (_, ctx) => {
        const tries = [
          ...bad.map((facts) => () => ctx.report(facts)),
          () => ctx.addCost('tokens', 1),
          () => ctx.addCost('token', -1),
          () => ctx.addCost('token', Number.NaN),
        ];
        for (const one of tries) {
          try {
            one();
          } catch (error) {
            said.push(error instanceof Error ? error.message : '');
          }
        }
        ctx.report({ metrics: { rate: Number.NaN } });
      },
    });
    const bench = openBench([job]);
    await published(bench);
    expect(said).toEqual([
      'ctx.report: metrics.rate is not a finite number',
      'ctx.report: dimensions.a is not a text of at most 256 characters',
      'ctx.report: more than 64 metrics',
      'ctx.report: more than 32 dimensions',
      'ctx.addCost: job settle has no price of "tokens" (it has token, request): add it to cost.per',
      'ctx.addCost: the quantity of token is -1: give a number of 0 or more',
      'ctx.addCost: the quantity of token is NaN: give a number of 0 or more',
    ]);
    expect(bench.types('job.failed')).toMatchObject([
      { errorCode: 'ESTEIRA_HANDLER_INVALID', metrics: {}, costMicros: 10_000 },
    ]);
  });

  // A function of the app that gives no number would have made a finished job fail, after its effect.
  test('by a function that is asked at the end never fails the attempt: what is not fit is counted', async () => {
    const job = onInvoice({
      run: (_, ctx) => {
        ctx.report(() => ({ metrics: { good: 1, bad: Number.NaN }, dimensions: { long: 'x'.repeat(300) } }));
        ctx.report(() => {
          throw new Error('no');
        });
        // Programs that are not type-checked give anything: no report was an error of the engine.
        ctx.report(() => JSON.parse('null'));
        ctx.report(({ runMs, atMs }) => ({ metrics: { timed: runMs >= 0 && atMs > 0 ? 1 : 0 } }));
      },
    });
    const bench = openBench([job]);
    await published(bench);
    expect(bench.types('job.completed')).toMatchObject([
      { dimensions: {}, metrics: { good: 1, timed: 1, 'report.invalid': 4 } },
    ]);
  });

  test('is refused after the end of the run', async () => {
    let late: (() => void)[] = [];
    const job = onInvoice({
      cost: COST,
      run: (_, { report, addCost }) => {
        late = [() => report({}), () => addCost('token', 1)];
      },
    });
    await published(openBench([job]));
    expect(late).toHaveLength(2);
    for (const call of late) expect(call).toThrow(/after the run had ended/);
  });

  test('is told of an attempt that ran out of its time, up to there', async () => {
    const gone = latch();
    const job = onInvoice({
      ...{ attemptTimeout: '30ms', retry: { attempts: 1 }, cost: COST },
      run: async (_, ctx) => {
        ctx.report({ metrics: { rows: 5 } });
        ctx.addCost('request', 1);
        ctx.signal.addEventListener('abort', () => gone.open());
        await gone.opened;
      },
    });
    const bench = openBench([job]);
    await published(bench);
    expect(bench.types('job.failed')).toMatchObject([
      {
        errorCode: 'ESTEIRA_ATTEMPT_TIMEOUT',
        metrics: { rows: 5, 'cost.request': 1 },
        costMicros: 60_000,
      },
    ]);
  });

  test('is told of ordered jobs too', async () => {
    const job = onInvoice({
      ...{ order: 'key', cost: COST },
      run: (_, ctx) => {
        ctx.report({ metrics: { rows: ctx.attempt } });
        if (ctx.attempt === 1) throw new Error('not yet');
      },
    });
    const bench = openBench([job]);
    await published(bench);
    expect(bench.types('job.failed')).toMatchObject([{ metrics: { rows: 1 }, costMicros: 10_000 }]);
    expect(bench.types('job.completed')).toMatchObject([{ metrics: { rows: 2 }, costMicros: 10_000 }]);
  });
});

describe('what a job type declares', () => {
  const job = onInvoice({
    dimensions: ({ paymentId }) => ({
      ...{ marketplace: 'meli', category: paymentId, region: undefined, note: 'jo@example.com', empty: '' },
    }),
    run: (_, ctx) => {
      void ctx.progress({ percent: 50, dimensions: { step: 'read' } });
      ctx.report({ dimensions: { ruleset: '7' } });
      if (ctx.attempt === 1) throw new Error('not yet');
    },
  });
  const follower = defineJob({
    ...{ type: 'count', kind: 'system', order: 'none', retry: { attempts: 2, backoff: '20ms' } },
    after: completed(job, { map: ({ paymentId }) => ({ paymentId }) }),
    payload: z.object({ paymentId: z.string() }),
    dimensions: ({ paymentId }) => ({ category: paymentId }),
    run: () => undefined,
  });

  test('is on every event of its jobs, and keys them by it on the wire', async () => {
    const bench = openBench([job, follower], { telemetryKey: marketplaceKey });
    await published(bench, ['p1']);
    const all = await onTopic(bench);
    const settle = all.filter(({ event }) => event.jobType === 'settle');
    expect(new Set(settle.map(({ event }) => event.type))).toEqual(
      new Set(['job.started', 'job.progress', 'job.failed', 'job.retried', 'job.completed']),
    );
    expect(settle.map(({ key }) => key)).toEqual(settle.map(() => 'meli:p1:-'));
    for (const { event } of settle)
      expect(event.dimensions).toMatchObject({ marketplace: 'meli', note: '[redacted:email]' });
    const told = (type: string) => settle.find(({ event }) => event.type === type)?.event.dimensions;
    expect(told('job.started')).toEqual({ marketplace: 'meli', category: 'p1', note: '[redacted:email]' });
    expect(told('job.progress')).toMatchObject({ step: 'read' });
    expect(told('job.completed')).toMatchObject({ ruleset: '7' });
    const count = all.filter(({ event }) => event.jobType === 'count');
    expect(count.map(({ event }) => event.type)).toEqual(['job.dispatched', 'job.started', 'job.completed']);
    expect(count.map(({ key }) => key)).toEqual(count.map(() => '-:p1:-'));
  });

  test('is on what is told of a dispatch', async () => {
    const asked = defineJob({
      ...{ type: 'settle', kind: 'system', order: 'none' },
      payload: z.object({ region: z.string() }),
      dimensions: ({ region }) => ({ region }),
      run: () => undefined,
    });
    const bench = openBench([asked]);
    const esteira = await bench.run();
    await esteira.dispatch(asked, { region: 'north' }, { tenant: 'acme' });
    await waitFor('its end', () => bench.types('job.completed').length === 1);
    expect(bench.types('job.dispatched')[0]?.dimensions).toEqual({ region: 'north' });
  });

  test('hurts no job when it throws: the class of the error is told', async () => {
    const throwing = onInvoice({
      dimensions: () => {
        throw new RangeError('for jo@example.com');
      },
    });
    const bench = openBench([throwing]);
    await published(bench);
    expect(bench.types('job.completed')).toMatchObject([{ dimensions: { dimensions_failed: 'RangeError' } }]);
  });
});
