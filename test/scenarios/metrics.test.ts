import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineApp, defineJob, knownTenants, start, UnrecoverableError } from '../../src/index.ts';
import { type Scrape, scrape } from '../support/metered-app.ts';
import { freshName, startScenario } from '../support/scenario.ts';
import { latch, waitFor } from '../support/wait.ts';

const DOOMED = 7;
const WAITING = 1_500;

/** A job type whose jobs all die, and one whose jobs wait for a sign. */
const appOf = (name: string, sign: Promise<void>) => {
  const common = { kind: 'system', order: 'none', payload: z.object({ note: z.string() }) } as const;
  const doom = defineJob({
    ...{ ...common, type: 'doom', retry: { attempts: 1 }, critical: true, deadLetterGuard: false },
    run: () => {
      throw new UnrecoverableError('never');
    },
  });
  const hold = defineJob({ ...common, type: 'hold', concurrency: 2, run: () => sign });
  const app = defineApp({
    ...{ name, events: [], jobs: [doom, hold], tenants: knownTenants(['acme']) },
    ...{ tiers: ['100ms'], partitions: 1 },
  });
  return { app, doom, hold };
};

// Promise: a process says at once, and truly, what is dead and what waits, also right after a restart.
test('what /metrics says of dead letters and lag is what the topics say, before and after a restart', async () => {
  const sign = latch();
  const { app, doom, hold } = appOf(freshName('metrics'), sign.opened);
  const environment = {
    ...process.env,
    LOG_LEVEL: 'silent',
    HEALTH_PORT: '0',
    WORKER_SHUTDOWN_GRACE_SECONDS: '0',
  };
  const scenario = await startScenario(app, { environment, health: true });
  const lag = { job_type: 'hold', topic: `${app.name}.job.hold` };
  const until = (port: number | undefined, what: string, holds: (found: Scrape) => boolean) =>
    waitFor(what, async () => {
      const found = await scrape(port);
      return holds(found) ? found : undefined;
    });
  const dead = ({ value }: Scrape): boolean => value('jobs_in_dlq_total', { job_type: 'doom' }) === DOOMED;
  try {
    const { esteira } = scenario;
    const dispatch = (job: typeof doom, count: number) =>
      Promise.all(
        Array.from({ length: count }, () => esteira.dispatch(job, { note: 'n' }, { tenant: 'acme' })),
      );
    await dispatch(doom, DOOMED);
    // More than a window holds: the rest is known only to the broker.
    await dispatch(hold, WAITING);
    const before = await until(esteira.healthPort, 'seven dead letters', dead);
    expect(before.value('esteira_dead_letters_total', { job_type: 'doom', reason: 'unrecoverable' })).toBe(
      DOOMED,
    );
    expect(before.value('esteira_jobs_in_flight', { job_type: 'hold' })).toBe(2);
    expect(before.value('esteira_oldest_waiting_seconds', { job_type: 'hold' })).toBeGreaterThan(0);
    await esteira.stop();

    const again = await start(app, { environment, backend: scenario.services.backend, health: true });
    try {
      const after = await until(
        again.healthPort,
        'its successor to know as much',
        (found) => dead(found) && found.value('esteira_consumer_lag_records', lag) === WAITING,
      );
      expect(after.value('esteira_dead_letters_total', { job_type: 'doom', reason: 'unrecoverable' })).toBe(
        0,
      );
    } finally {
      sign.open();
      await again.stop();
    }
  } finally {
    sign.open();
    await scenario.close();
  }
});
