import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProjectionStore } from '../../../../../src/telemetry/projection/store.ts';
import { VIEWS } from '../../../../../src/telemetry/projection/views.ts';
import { ask } from '../../../../support/analytics/ask.ts';
import { EVENTS } from '../../../../support/analytics/made-up-jobs.ts';
import { storeOf } from '../../../../support/analytics/made-up-store.ts';

describe('the views of work and trouble', () => {
  let store: ProjectionStore;
  beforeAll(async () => {
    store = await storeOf(EVENTS);
  });
  afterAll(() => store.close());

  const rows = async (sql: string) => (await ask(store, sql)).rows;

  it.each(VIEWS.map((view) => [view.name, view] as const))(
    '%s has the columns it says, in their order',
    async (name, view) => {
      const { columns } = await ask(store, `FROM ${name}`);
      expect(columns).toEqual(Object.keys(view.columns));
    },
  );

  it('count steps hour by hour', async () => {
    expect(await rows(`FROM throughput WHERE queue = 'notifications' ORDER BY hour`)).toEqual([
      {
        ...{ hour: '2026-10-01T12:00:00.000Z', job_type: 'send-receipt', queue: 'notifications' },
        ...{ dispatched: 1, started: 3, completed: 1, failed: 2, retried: 1, deferred: 1 },
        ...{ skipped: 2, cancelled: 0, dead: 2, replayed: 0 },
      },
      {
        ...{ hour: '2026-10-02T12:00:00.000Z', job_type: 'send-receipt', queue: 'notifications' },
        ...{ dispatched: 0, started: 1, completed: 1, failed: 0, retried: 0, deferred: 0 },
        ...{ skipped: 0, cancelled: 0, dead: 0, replayed: 1 },
      },
    ]);
  });

  it('measure each attempt and each wait once', async () => {
    expect(await rows(`FROM latency WHERE day = '2026-10-01' AND queue = 'notifications'`)).toEqual([
      {
        ...{ day: '2026-10-01', job_type: 'send-receipt', queue: 'notifications' },
        ...{ runs: 3, run_p50_ms: 500, run_p95_ms: 900, run_p99_ms: 900, run_max_ms: 900 },
        ...{ starts: 3, wait_p50_ms: 1_000, wait_p95_ms: 3_000, wait_p99_ms: 3_000, wait_max_ms: 3_000 },
      },
    ]);
  });

  it('tell how late what was due began', async () => {
    expect(await rows('FROM lateness')).toEqual([
      {
        ...{ day: '2026-10-01', job_type: 'send-receipt', queue: 'notifications', starts: 1 },
        ...{ late_p50_ms: 1_000, late_p95_ms: 1_000, late_p99_ms: 1_000, late_max_ms: 1_000 },
      },
    ]);
  });

  it('count a job once in amplification, with its starts and records before and after a replay', async () => {
    expect(await rows(`FROM retries WHERE job_type = 'send-receipt'`)).toEqual([
      {
        ...{ job_type: 'send-receipt', queue: 'notifications', jobs: 4, attempts: 4, retried: 1 },
        ...{ starts: 4, starts_per_job: 1, records_per_job: 2, most_starts: 2 },
      },
    ]);
  });

  it('give the share that failed and died', async () => {
    expect(await rows('FROM failures ORDER BY day')).toEqual([
      {
        ...{ day: '2026-10-01', job_type: 'send-receipt', queue: 'notifications', attempts: 3, failed: 2 },
        ...{ failure_rate: 2 / 3, completed: 1, dead: 2, dead_rate: 2 / 3 },
      },
      {
        ...{ day: '2026-10-02', job_type: 'send-receipt', queue: 'notifications', attempts: 1, failed: 0 },
        ...{ failure_rate: 0, completed: 1, dead: 0, dead_rate: 0 },
      },
    ]);
  });

  it('put errors of one cause together, and tell those without an attempt', async () => {
    expect(await rows('FROM top_errors')).toEqual([
      {
        ...{
          error_fingerprint: 'f1',
          job_type: 'send-receipt',
          error_code: 'HTTP_503',
          error_class: 'transient',
        },
        ...{ error_message: 'busier', failures: 2, jobs: 2, tenants: 1 },
        ...{ first_at: '2026-10-01T12:00:02.000Z', last_at: '2026-10-01T12:00:11.000Z' },
      },
      {
        ...{
          error_fingerprint: null,
          job_type: 'send-receipt',
          error_code: 'undecodable',
          error_class: null,
        },
        ...{ error_message: null, failures: 1, jobs: 1, tenants: 1 },
        ...{ first_at: '2026-10-01T12:00:20.000Z', last_at: '2026-10-01T12:00:20.000Z' },
      },
    ]);
  });

  it('count dead letters by reason', async () => {
    expect(
      await rows('SELECT reason, error_class, letters, jobs, tenants FROM dead_letters ORDER BY reason'),
    ).toEqual([
      { reason: 'attempts_exhausted', error_class: 'transient', letters: 1, jobs: 1, tenants: 1 },
      { reason: 'undecodable', error_class: null, letters: 1, jobs: 1, tenants: 1 },
    ]);
  });

  it('count what was skipped, by why', async () => {
    expect(await rows('SELECT job_type, reason, skipped, jobs FROM skips ORDER BY job_type')).toEqual([
      { job_type: 'close-books', reason: 'superseded', skipped: 1, jobs: 1 },
      { job_type: 'send-receipt', reason: 'duplicate', skipped: 2, jobs: 2 },
    ]);
  });
});
