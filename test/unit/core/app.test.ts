import { describe, expect, it } from 'vitest';
import { type AppOptions, defineApp } from '../../../src/core/app.ts';
import { EsteiraError } from '../../../src/core/errors.ts';
import { defineEvent } from '../../../src/core/event.ts';
import { defineJob, trigger } from '../../../src/core/job.ts';
import { knownTenants } from '../../../src/core/tenants.ts';
import { paid, plain } from './definitions.ts';

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
