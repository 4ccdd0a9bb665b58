import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProjectionStore } from '../../../../../src/telemetry/projection/store.ts';
import { ask } from '../../../../support/analytics/ask.ts';
import { at, DAY_MS, EVENTS } from '../../../../support/analytics/made-up-jobs.ts';
import { storeOf, uuid } from '../../../../support/analytics/made-up-store.ts';

describe('the views of jobs', () => {
  let store: ProjectionStore;
  beforeAll(async () => {
    store = await storeOf(EVENTS);
  });
  afterAll(() => store.close());

  const rows = async (sql: string) => (await ask(store, sql)).rows;

  it('say where each job stands, whatever was told of its repeats', async () => {
    const found = await rows(
      'SELECT job_id, state, reason, attempts, starts, replays, run_ms, cost_micros FROM jobs ORDER BY job_id',
    );
    expect(found).toEqual([
      {
        job_id: uuid(1),
        state: 'completed',
        reason: null,
        attempts: 2,
        starts: 2,
        replays: 0,
        run_ms: 1_400,
        cost_micros: 3_000_000,
      },
      {
        job_id: uuid(2),
        state: 'completed',
        reason: null,
        attempts: 2,
        starts: 2,
        replays: 1,
        run_ms: 1_800,
        cost_micros: 3_000_000,
      },
      {
        job_id: uuid(3),
        state: 'skipped',
        reason: 'duplicate',
        attempts: 0,
        starts: 0,
        replays: 0,
        run_ms: 0,
        cost_micros: null,
      },
      {
        job_id: uuid(4),
        state: 'dead',
        reason: 'undecodable',
        attempts: 0,
        starts: 0,
        replays: 0,
        run_ms: 0,
        cost_micros: null,
      },
      {
        job_id: uuid(6),
        state: 'skipped',
        reason: 'superseded',
        attempts: 0,
        starts: 0,
        replays: 0,
        run_ms: 0,
        cost_micros: null,
      },
      {
        job_id: 'odd-7',
        state: 'running',
        reason: null,
        attempts: 0,
        starts: 1,
        replays: 0,
        run_ms: 0,
        cost_micros: null,
      },
    ]);
  });

  it('say of a job when it began and ended, and its last error', async () => {
    const [found] = await rows(`FROM jobs WHERE job_id = '${uuid(1)}'`);
    expect(found).toMatchObject({
      ...{ first_at: '2026-10-01T12:00:00.000Z', last_at: '2026-10-01T12:00:34.000Z' },
      ...{ ended_at: '2026-10-01T12:00:34.000Z', duration_ms: 34_000, due_at: null },
      ...{ tenant_id: 'acme', user_id: 'user-7', max_attempts: 3, cost_currency: 'USD' },
      ...{ error_code: 'HTTP_503', error_fingerprint: 'f1', error_message: 'busy' },
    });
  });

  it('keep the ended jobs of each queue, the newest first', async () => {
    expect(await rows('SELECT queue, state, nth, job_id, reason FROM job_history')).toEqual([
      { queue: 'notifications', state: 'completed', nth: 1, job_id: uuid(2), reason: null },
      { queue: 'notifications', state: 'completed', nth: 2, job_id: uuid(1), reason: null },
      { queue: 'notifications', state: 'dead', nth: 1, job_id: uuid(4), reason: 'undecodable' },
    ]);
  });

  it('tell all steps of one job in their order', async () => {
    const found = await rows(
      `SELECT step, since_last_ms, type, position FROM timeline WHERE job_id = '${uuid(2)}'`,
    );
    expect(found).toEqual([
      { step: 1, since_last_ms: null, type: 'job.started', position: '0/7' },
      { step: 2, since_last_ms: 1_000, type: 'job.failed', position: '0/8' },
      { step: 3, since_last_ms: 0, type: 'job.sent_to_dlq', position: '0/9' },
      { step: 4, since_last_ms: DAY_MS - 11_000, type: 'job.replayed', position: '0/10' },
      { step: 5, since_last_ms: 1_000, type: 'job.started', position: '0/11' },
      { step: 6, since_last_ms: 2_000, type: 'job.completed', position: '0/12' },
    ]);
  });
});

/** SQL that tells the end of so many jobs, a second between them. */
const endOf = (type: string, count: number, from: number): string =>
  `INSERT INTO events (event_id, type, time, job_id, job_type, queue, tenant_id, attempt, starts, hop, "partition", record_offset)
   SELECT gen_random_uuid(), '${type}', make_timestamptz((${at(0)} + i * 1000) * 1000),
     ('00000000-0000-5000-8000-' || lpad((${from} + i)::VARCHAR, 12, '0'))::UUID, 'settle', 'books', 'acme', 1, 1, 0, 0, i
   FROM range(${count}) AS t(i)`;

it('keep the last 100 completed and the last 500 dead jobs of a queue', async () => {
  const store = await storeOf([]);
  const connection = await store.connect();
  await connection.run(endOf('job.completed', 102, 1_000));
  await connection.run(endOf('job.sent_to_dlq', 501, 2_000));
  const { rows } = await ask(
    store,
    'SELECT state, count(*) AS jobs, min(job_id) AS oldest FROM job_history GROUP BY ALL ORDER BY ALL',
  );
  expect(rows).toEqual([
    { state: 'completed', jobs: 100, oldest: '00000000-0000-5000-8000-000000001002' },
    { state: 'dead', jobs: 500, oldest: '00000000-0000-5000-8000-000000002001' },
  ]);
  await store.close();
});
