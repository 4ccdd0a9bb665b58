import { expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import {
  type AppOptions,
  defineApp,
  defineJob,
  HTTPTelemetryEmitter,
  type JobContext,
  knownTenants,
  MemoryTelemetryEmitter,
  MetricsCollector,
  marketplaceKey,
  type ReportFacts,
  type TelemetryEmitter,
  type ValidationMetrics,
  validationReport,
} from '../../src/index.ts';

// What these claim is held by `tsc` (npm run check): a wrong type, and an error that does not come, both fail there.

const base = { type: 'a', kind: 'system', order: 'none', payload: z.object({ region: z.string() }) } as const;

test('dimensions are declared by a function of the payload, to texts or nothing', () => {
  defineJob({
    ...base,
    dimensions: (payload) => {
      expectTypeOf(payload).toEqualTypeOf<{ region: string }>();
      return { region: payload.region, category: undefined, marketplace: null };
    },
    run: () => undefined,
  });
  // @ts-expect-error a number is no dimension
  defineJob({ ...base, dimensions: () => ({ rows: 1 }), run: () => undefined });
});

test('a cost has a currency, and prices that are numbers', () => {
  const run = (_: unknown, ctx: JobContext): void => ctx.addCost('token', 12);
  defineJob({ ...base, cost: { currency: 'BRL', per: { token: 0.000002 } }, run });
  // @ts-expect-error the currency is missing
  defineJob({ ...base, cost: { perAttempt: 1 }, run });
  // @ts-expect-error a price is a number
  defineJob({ ...base, cost: { currency: 'BRL', per: { token: '1' } }, run });
});

test('a handler reports facts, or a function that is asked at the end of the attempt', () => {
  const report = (ctx: JobContext, metrics: ValidationMetrics): void => {
    new MetricsCollector(ctx, { marketplace: 'meli' }).valid();
    ctx.report({ metrics: { rows: 1 }, dimensions: { region: 'north' } });
    ctx.report(({ runMs }) => ({ metrics: { runMs } }));
    ctx.report(validationReport(metrics));
    // @ts-expect-error a metric is a number
    ctx.report({ metrics: { rows: '1' } });
  };
  expectTypeOf(report).returns.toEqualTypeOf<void>();
  expectTypeOf(validationReport).returns.toEqualTypeOf<ReportFacts>();
});

test('emitters are made by functions of what the process gives them', () => {
  expectTypeOf<MemoryTelemetryEmitter>().toExtend<TelemetryEmitter>();
  const options: AppOptions = {
    ...{ name: 'a', events: [], jobs: [], tenants: knownTenants([]), telemetryKey: marketplaceKey },
    emitters: [
      () => new MemoryTelemetryEmitter(),
      (parts) => new HTTPTelemetryEmitter(parts, { url: 'https://lake.example/', payload: 'marketplace' }),
    ],
  };
  defineApp(options);
  // @ts-expect-error an emitter is not given, but made when the process starts
  defineApp({ ...options, emitters: [new MemoryTelemetryEmitter()] });
});
