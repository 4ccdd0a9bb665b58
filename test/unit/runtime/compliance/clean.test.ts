import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineJob } from '../../../../src/index.ts';
import { checkCompliance } from '../../../../src/runtime/compliance/index.ts';
import { booked, forbidden, hall, lines, notProved, onBooked, provider } from './bench.ts';

const LIMIT_MS = 60_000;

describe('a job type that keeps every line', () => {
  test(
    'on an event, with a provider: all of them are proved, by what was seen',
    async () => {
      const mail = provider();
      const run = async (
        { bookingId }: { readonly bookingId: string },
        { signal }: { readonly signal: AbortSignal },
      ) => mail.call(signal, forbidden, { key: bookingId });
      const told = await lines(hall([onBooked({ run })]), { runHandlers: true });
      expect(notProved(told)).toEqual([]);
      expect(told).toMatchObject({
        idempotent: expect.stringMatching(
          /delivered twice, and once more .* both repeats are told as skipped/,
        ),
        'crash-safe':
          'proved: started again with a higher fence, it asked mail for the same effect under the same key',
        'retry-bounded': expect.stringContaining('given up after 3 attempts (attempts_exhausted)'),
        backoff: 'proved: waited 30s, 2m between attempts',
        'time-bounded': expect.stringContaining('ended after 5m'),
        adapters: 'proved: it reached outside only through mail',
        'provider-timeout': expect.stringContaining('mail never answered'),
        'provider-breaker': expect.stringContaining('the breaker opened'),
        'provider-fallback': expect.stringContaining('starts are suspended'),
      });
    },
    LIMIT_MS,
  );

  test.each(['key', 'none'] as const)(
    'dispatched, order %s, without a key: all are proved but what its handler does',
    async (order) => {
      const job = defineJob({
        ...{ type: 'make-report', kind: 'system', order, retry: { attempts: 3, backoff: ['1m', '24h'] } },
        payload: z.object({ month: z.string().min(7), pages: z.number().int().min(5) }),
        run: () => undefined,
      });
      const told = await lines(hall([job]));
      expect(notProved(told).filter((line) => !line.includes('its handler was not run'))).toEqual([]);
      expect(told['idempotent']).toBe('proved: delivered twice: started once, the repeat is told as skipped');
      expect(told['telemetry']).toContain('dispatched, started');
      expect(told['backoff']).toBe('proved: waited 1m, 24h between attempts');
    },
    LIMIT_MS,
  );

  test(
    'in order by a key, with a fallback',
    async () => {
      const maps = provider({ name: 'maps' });
      const job = onBooked({
        order: ({ bookingId }) => bookingId,
        run: async (_booking, { signal, idempotencyKey }) => {
          await maps.callOrFallback(signal, forbidden, () => 'no map', { key: idempotencyKey });
        },
      });
      const told = await lines(hall([job]), { runHandlers: true });
      expect(notProved(told)).toEqual([]);
      expect(told['provider-fallback']).toContain('completes by the fallback it names');
    },
    LIMIT_MS,
  );

  test(
    'of kind ai, that only embeds',
    async () => {
      const model = provider({ name: 'model', acts: false });
      const job = onBooked({
        kind: 'ai',
        run: async ({ bookingId }, { signal }) => {
          const vector = await model.call<readonly number[]>(signal, forbidden, { key: bookingId });
          if (vector.length !== 2) throw new Error('the service gave no vector');
        },
      });
      const samples = { providers: { model: [0.1, 0.2] } };
      const told = await lines(hall([job]), { runHandlers: true, samples });
      expect(notProved(told)).toEqual([]);
      expect(told['ai-prepares-only']).toContain('called only model');
    },
    LIMIT_MS,
  );
});

test('without --run-handlers no handler is run, and what only it can prove is not said to be', async () => {
  let ran = 0;
  const told = await lines(
    hall([
      onBooked({
        run: () => {
          ran += 1;
        },
      }),
    ]),
  );
  expect(ran).toBe(0);
  expect(notProved(told).map((line) => line.split(' ')[0])).toEqual([
    ...['crash-safe', 'adapters', 'provider-timeout', 'provider-breaker', 'provider-fallback'],
  ]);
});

test('a handler that reaches nothing outside is not said to be safe against a crash', async () => {
  const told = await lines(hall([onBooked()]), { runHandlers: true });
  expect(told['adapters']).toContain('proved: with this sample it reached nothing outside');
  expect(told['crash-safe']).toContain('unproved: started again with a higher fence');
  expect(told['provider-timeout']).toBeUndefined();
});

test(
  'a month of waits between attempts takes no time',
  async () => {
    const startedAt = performance.now();
    const told = await lines(hall([onBooked({ retry: { attempts: 40, backoff: '24h' } })]));
    expect(told['retry-bounded']).toContain('after 40 attempts');
    expect(performance.now() - startedAt).toBeLessThan(15_000);
  },
  LIMIT_MS,
);

test('only the job types that are named are checked, and an unknown one is refused', async () => {
  const app = hall([onBooked(), onBooked({ type: 'other' })]);
  const { jobs } = await checkCompliance(app, { jobTypes: ['other'] });
  expect(jobs.map(({ type }) => type)).toEqual(['other']);
  await expect(checkCompliance(app, { jobTypes: ['nobody'] })).rejects.toMatchObject({
    code: 'ESTEIRA_JOB_TYPE_UNKNOWN',
  });
});

test('where no payload can be made, nothing is said to be proved, and a sample mends it', async () => {
  const even = z.object({ code: z.string().regex(/^\d{4}-[A-Z]$/), seats: z.number() });
  const job = defineJob({
    ...{ type: 'code', kind: 'system', order: 'none', payload: even, run: () => undefined },
  });
  const told = await lines(hall([job]));
  expect(Object.values(told).filter((text) => text.startsWith('proved'))).toEqual([]);
  expect(told['context']).toContain('the payload made for its dispatch breaks its check (code: ');
  const samples = { jobs: { code: { code: '1234-A', seats: 1 } } };
  expect((await lines(hall([job]), { samples }))['context']).toMatch(/^proved/);
});

test('a sample that its trigger does not want proves nothing', async () => {
  const { trigger } = await import('../../../../src/index.ts');
  const told = await lines(hall([onBooked({ on: trigger(booked, { when: ({ seats }) => seats > 100 }) })]));
  expect(told['idempotent']).toContain('unproved: the sample sets no job off');
});
