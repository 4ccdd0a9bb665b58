import { describe, expect, it } from 'vitest';
import { type AppOptions, defineApp } from '../../../src/core/app.ts';
import { EsteiraError } from '../../../src/core/errors.ts';
import { defineEvent } from '../../../src/core/event.ts';
import { defineJob } from '../../../src/core/job.ts';
import { knownTenants } from '../../../src/core/tenants.ts';
import { trigger } from '../../../src/core/trigger.ts';
import { paid, plain, unchecked } from './definitions.ts';

const app = (changes: Partial<AppOptions> = {}) =>
  defineApp({ name: 'shop', events: [paid], jobs: [], tenants: knownTenants(['acme']), ...changes });

const problemsOf = (changes: Partial<AppOptions>): unknown => {
  try {
    app(changes);
  } catch (error) {
    if (error instanceof EsteiraError && error.code === 'ESTEIRA_DEFINITION_INVALID')
      return error.facts['problems'];
    throw error;
  }
  return 'accepted';
};

describe('an app', () => {
  it('has the default tiers, and one more for each wait of a retry policy or trigger', () => {
    const job = defineJob(
      plain({ on: trigger(paid, { delay: '7m' }), retry: { attempts: 3, backoff: ['1s', '9s'] } }),
    );
    const { ladderMs } = app({ jobs: [job], tiers: ['1s', '1m', '60s'] });
    expect(ladderMs).toEqual([1_000, 9_000, 60_000, 420_000]);
    expect(app().ladderMs).toHaveLength(12);
  });

  it('has six partitions and calls the tenant organizationId, when nothing else is said', () => {
    expect(app()).toMatchObject({ partitions: 6, tenantLogField: 'organizationId' });
    expect(app({ partitions: 1, tenantLogField: 'condominiumId' })).toMatchObject({
      partitions: 1,
      tenantLogField: 'condominiumId',
    });
  });

  // Tiers that are none came alone, as an error of their own, after all else had been corrected.
  it('that cannot work says everything that is wrong with it at once', () => {
    const stranger = defineEvent(
      { name: 'shop.Lost', schema: 'string' },
      { topic: 'shop.events', check: 'none' },
    );
    const receipt = defineJob(plain({ on: [paid, trigger(paid)] }));
    const lost = defineJob(plain({ type: 'find-lost', on: stranger }));
    const wrong = {
      name: 'My Shop',
      events: [paid, paid],
      jobs: [receipt, receipt, lost],
      partitions: 0,
      tiers: ['1s', 'soon', '-1s'],
    };
    expect(problemsOf(wrong as Partial<AppOptions>)).toEqual([
      'name "My Shop" is not kebab-case',
      'job type send-receipt is defined twice',
      'event shop.Paid is defined twice',
      'job send-receipt listens to shop.Paid twice',
      'job send-receipt listens to shop.Paid twice',
      "job find-lost listens to shop.Lost, which is not among the app's events",
      'partitions is 0: give a whole number from 1',
      expect.stringContaining('tiers is "soon"'),
      expect.stringContaining('tiers is "-1s"'),
    ]);
  });

  it('wants its resources told apart', () => {
    const close = (): void => undefined;
    const resources = [
      { name: 'pool', close },
      { name: '', close },
      { name: 'pool', close },
    ];
    expect(problemsOf({ resources })).toEqual([
      'a resource has no name: log lines of a stop need one',
      'resource pool is there twice',
    ]);
  });

  // A start each for a missing order, an unknown queue and a bad lease made three starts to learn of three mistakes.
  it('says what is wrong with its queues and all of its job types at once, by name', () => {
    const wrong = [
      defineJob(plain({ type: 'no-order', ...unchecked({ order: undefined }) })),
      defineJob(plain({ type: 'no-queue', queue: 'mails' })),
      defineJob(plain({ type: 'short-lease', lease: '1s', heartbeat: '1s' })),
      defineJob(plain({ type: 'late', retry: { backoff: '366d', attempts: 2 } })),
      defineJob(plain({ type: 'endless', queue: 'slow' })),
    ];
    const queues = { slow: { attemptTimeout: '8d' }, Mail: { concurrency: 0 } } as const;
    expect(problemsOf({ jobs: wrong, queues, tiers: ['500d'] })).toEqual([
      expect.stringMatching(/^job no-order: order is undefined/),
      expect.stringMatching(/^job short-lease: lease is 1s, shorter than two heartbeats/),
      expect.stringMatching(/^job late: a wait of retry\.backoff is 366d/),
      expect.stringMatching(/^queue slow: attemptTimeout is 8d, but a lease can be renewed/),
      'queue "Mail" is not kebab-case',
      'queue Mail: concurrency is 0: give a whole number from 1',
      "job no-queue: queue mails is not among the app's queues (default, slow, Mail)",
      expect.stringMatching(/^tiers: one is 500d, longer than the 365d/),
    ]);
  });

  it('that cannot work lists its problems in the message too', () => {
    expect(() => app({ name: 'My Shop', events: [paid, paid] })).toThrow(
      'app My Shop: name "My Shop" is not kebab-case; event shop.Paid is defined twice',
    );
  });
});

describe('an event', () => {
  it('is known on the wire by its Avro name and has six partitions, when nothing else is said', () => {
    expect(paid).toMatchObject({ type: 'shop.Paid', topic: 'shop.events', partitions: 6 });
    const renamed = defineEvent(paid.contract, { topic: 't', check: 'none', type: 'paid.v1', partitions: 2 });
    expect(renamed).toMatchObject({ type: 'paid.v1', partitions: 2 });
  });

  it.each([
    [{ topic: 'shop events' }, /^event shop\.Paid: topic "shop events" is not a Kafka topic name/],
    [{ topic: '' }, /topic "" is not/],
    [{ topic: 't', partitions: 0 }, /^event shop\.Paid: partitions is 0: give a whole number from 1/],
  ])('with %j is refused, naming the event and the option', (options, message) => {
    expect(() => defineEvent(paid.contract, { check: 'none', ...options })).toThrow(
      expect.objectContaining({
        code: 'ESTEIRA_DEFINITION_INVALID',
        message: expect.stringMatching(message),
      }),
    );
  });
});
