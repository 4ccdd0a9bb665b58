import { describe, expect, it } from 'vitest';
import { Problems } from '../../../src/core/problems.ts';
import { type QueueOptions, resolveQueues, tenantLimitsOf } from '../../../src/core/queue.ts';

const resolve = (options: object) => {
  const problems = new Problems();
  const queues = resolveQueues({ mails: options as QueueOptions }, problems);
  const queue = queues.get('mails');
  if (queue === undefined) throw new Error('no queue');
  return { queue, queues, problems: problems.all };
};

describe('a queue', () => {
  it('of which nothing is said is normal, waits, and has no limits of its own', () => {
    expect(resolve({}).queue).toEqual({
      ...{ name: 'mails', priority: 'normal', whenFull: 'wait', tenants: { weight: 1 }, tiers: new Map() },
    });
  });

  it('is what it says', () => {
    const { queue, problems } = resolve({
      ...{ priority: 'high', concurrency: 20, limit: 50, startRate: { count: 100, per: '1m' } },
      ...{ attemptTimeout: '30s', queueTimeout: '10m', whenFull: 'skip' },
    });
    expect(problems).toEqual([]);
    expect(queue).toMatchObject({
      ...{ priority: 'high', concurrency: 20, limit: 50, whenFull: 'skip' },
      ...{
        startRate: { count: 100, perMs: 60_000, burst: 10 },
        attemptTimeoutMs: 30_000,
        queueTimeoutMs: 600_000,
      },
    });
  });

  it('stands beside the default one, of which an app may say more', () => {
    expect([...resolve({}).queues.keys()]).toEqual(['default', 'mails']);
    const queues = resolveQueues({ default: { priority: 'low' } }, new Problems());
    expect([...queues.values()]).toMatchObject([{ name: 'default', priority: 'low' }]);
  });

  it('gives tenants of a tier what the tier says, and else what every tenant gets', () => {
    const { queue } = resolve({
      tenants: {
        ...{ concurrency: 2, startRate: { count: 1, per: '1s' } },
        tiers: { gold: { concurrency: 10, weight: 4 } },
      },
    });
    const startRate = { count: 1, perMs: 1_000, burst: 1 };
    expect(tenantLimitsOf(queue, undefined)).toEqual({ weight: 1, concurrency: 2, startRate });
    expect(tenantLimitsOf(queue, 'silver')).toEqual({ weight: 1, concurrency: 2, startRate });
    expect(tenantLimitsOf(queue, 'gold')).toEqual({ weight: 4, concurrency: 10, startRate });
  });

  it('gives a tier that says no weight the weight of every tenant', () => {
    const { queue } = resolve({ tenants: { weight: 3, tiers: { gold: { concurrency: 9 } } } });
    expect(tenantLimitsOf(queue, 'gold')).toEqual({ weight: 3, concurrency: 9 });
  });

  it.each([
    [{ priority: 'urgent' }, 'queue mails: priority is "urgent": give one of high, normal, low'],
    [{ whenFull: 'drop' }, 'queue mails: whenFull is "drop": give one of wait, skip'],
    [{ limit: 0 }, 'queue mails: limit is 0: give a whole number from 1'],
    [{ attemptTimeout: 0 }, 'queue mails: attemptTimeout is 0: give a time that lasts'],
    [{ tenants: { weight: 0.5 } }, 'queue mails: tenants: weight is 0.5: give a whole number from 1'],
    [
      { tenants: { tiers: { gold: { concurrency: -1 } } } },
      'queue mails: tenants.tiers.gold: concurrency is -1: give a whole number from 1',
    ],
    [{ startRate: { count: 0, per: '1s' } }, 'queue mails: startRate.count is 0: give a whole number from 1'],
  ])('with %j is refused by name', (options, problem) => {
    expect(resolve(options).problems).toEqual([problem]);
  });

  it('with a queue time-out that is none says so', () => {
    expect(resolve({ queueTimeout: 'soon' }).problems).toEqual([
      expect.stringMatching(/^queue mails: queueTimeout is "soon"/),
    ]);
  });
});
