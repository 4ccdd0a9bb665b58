import { describe, expect, it } from 'vitest';
import { defineApp } from '../../../src/core/app.ts';
import { defineJob, type JobOptions } from '../../../src/core/job.ts';
import type { QueueOptions } from '../../../src/core/queue.ts';
import { afterWaiting, type EnvironmentDefaults, resolveSettings } from '../../../src/core/settings.ts';
import { knownTenants } from '../../../src/core/tenants.ts';
import { plain } from './definitions.ts';

const settings = (
  job: Partial<JobOptions<unknown>>,
  queue: QueueOptions,
  environment?: EnvironmentDefaults,
) => {
  const definition = defineJob(plain({ queue: 'mails', ...job }));
  const app = defineApp({
    ...{ name: 'shop', events: [], jobs: [definition], tenants: knownTenants([]), queues: { mails: queue } },
  });
  return resolveSettings(app, definition, environment);
};

describe('the settings of a job type', () => {
  it('are the defaults where nobody says anything', () => {
    expect(settings({}, {})).toMatchObject({
      ...{
        attemptTimeoutMs: 300_000,
        queueTimeoutMs: Number.POSITIVE_INFINITY,
        whenFull: 'wait',
        concurrency: 10,
      },
    });
  });

  it.each([
    ['its own', { attemptTimeout: '1s' }, { attemptTimeout: '2s' }, { attemptTimeoutMs: 3_000 }, 1_000],
    ["its queue's", {}, { attemptTimeout: '2s' }, { attemptTimeoutMs: 3_000 }, 2_000],
    ["the environment's", {}, {}, { attemptTimeoutMs: 3_000 }, 3_000],
    ['the default', {}, {}, {}, 300_000],
  ] as const)('take %s attempt time-out first', (_whose, job, queue, environment, expected) => {
    expect(settings(job, queue, environment).attemptTimeoutMs).toBe(expected);
  });

  it('take its own queue time-out before that of its queue', () => {
    expect(settings({ queueTimeout: '1s' }, { queueTimeout: '2s' }).queueTimeoutMs).toBe(1_000);
    expect(settings({}, { queueTimeout: '2s' }).queueTimeoutMs).toBe(2_000);
    expect(settings({}, { whenFull: 'skip' }).queueTimeoutMs).toBe(0);
    expect(settings({}, { whenFull: 'skip', queueTimeout: '2s' }).queueTimeoutMs).toBe(2_000);
  });

  it('keep every cap: the smallest counts', () => {
    const concurrency = (job?: number, queue?: number, process?: number) =>
      settings(
        job === undefined ? {} : { concurrency: job },
        queue === undefined ? {} : { concurrency: queue },
        { maxConcurrentJobs: process },
      ).concurrency;
    expect([concurrency(3, 5, 8), concurrency(9, 5, 8), concurrency(9, 9, 8), concurrency(50)]).toEqual([
      ...[3, 5, 8, 10],
    ]);
  });

  it('of a job type of another app are refused', () => {
    const stranger = defineJob(plain({ queue: 'elsewhere' }));
    const app = defineApp({ name: 'shop', events: [], jobs: [], tenants: knownTenants([]) });
    expect(() => resolveSettings(app, stranger)).toThrow("queue elsewhere is not among the app's queues");
  });
});

describe('a job that has no slot', () => {
  it('waits for ever, where nobody says otherwise', () => {
    expect(afterWaiting(settings({}, {}), 10 ** 12)).toBe('wait');
  });

  it('becomes a dead letter after the queue time-out', () => {
    const patient = settings({}, { queueTimeout: '10s' });
    expect([afterWaiting(patient, 9_999), afterWaiting(patient, 10_000)]).toEqual(['wait', 'dead']);
  });

  it('is skipped where its queue says so: at once, or after the queue time-out', () => {
    expect(afterWaiting(settings({}, { whenFull: 'skip' }), 0)).toBe('skip');
    const patient = settings({}, { whenFull: 'skip', queueTimeout: '10s' });
    expect([afterWaiting(patient, 9_999), afterWaiting(patient, 10_000)]).toEqual(['wait', 'skip']);
  });
});
