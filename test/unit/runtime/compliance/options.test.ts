import { expect, test } from 'vitest';
import { type AppOptions, type JobOptions, trigger } from '../../../../src/index.ts';
import { type Booked, booked, hall, lines, onBooked } from './bench.ts';

const cases: readonly [string, Partial<JobOptions<Booked>>, Partial<AppOptions>?][] = [
  ['a delay of a day and a priority', { on: trigger(booked, { delay: '24h', priority: 1 }), lanes: true }],
  ['an age that ends the retries', { maxAge: '5m', retry: { attempts: 5, backoff: '3m' } }],
  ['a lock, and one at a time', { lock: { key: 'hall' }, concurrency: 1 }],
  ['order by key, held when dead', { order: 'key', afterDead: 'hold', holdFor: '5s' }],
  [
    'order by a finer key, with long waits',
    { order: ({ bookingId }) => bookingId, retry: { attempts: 4, backoff: '6h' } },
  ],
  ['an attempt of a day', { attemptTimeout: '24h', detachAfter: '30s' }],
  ['an attempt of a second', { attemptTimeout: '1s' }],
  ['hundreds of attempts', { retry: { attempts: 200, backoff: '10ms' } }],
  ['a precondition that says no', { shouldRun: () => false }],
  [
    'a queue with limits',
    { queue: 'narrow' },
    { queues: { narrow: { limit: 1, concurrency: 1, startRate: { count: 1, per: '10s' } } } },
  ],
  [
    'a queue that skips when full',
    { queue: 'quick' },
    { queues: { quick: { whenFull: 'skip', queueTimeout: '30s' } } },
  ],
  ['tenants with inboxes of their own', { dedicated: ['acme', 'rehearsal-1'] }],
];

// A checker that cries wolf is switched off.
test.each(cases)(
  '%s is no breach, and nothing is left unproved',
  { timeout: 60_000 },
  async (_name, options, app) => {
    const told = await lines(hall([onBooked(options)], app));
    const amiss = Object.entries(told).filter(
      ([, text]) => !text.startsWith('proved') && !text.includes('its handler was not run'),
    );
    expect(amiss).toEqual([]);
  },
);

test('an age that leaves no retry leaves nothing to measure', async () => {
  const told = await lines(hall([onBooked({ maxAge: '1m', retry: { attempts: 2, backoff: '10m' } })]));
  expect(told['backoff']).toBe('unproved: no second attempt was made: something else ended it first');
  expect(told['retry-bounded']).toContain('given up after 1 attempt (max_age)');
  expect(Object.values(told).filter((text) => text.startsWith('breach'))).toEqual([]);
});
