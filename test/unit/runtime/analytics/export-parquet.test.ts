import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportParquet, type Projection } from '../../../../src/runtime/analytics/index.ts';
import { runQuery } from '../../../../src/telemetry/projection/query/run-query.ts';
import type { ProjectionStore } from '../../../../src/telemetry/projection/store.ts';
import { ask } from '../../../support/analytics/ask.ts';
import { storeOf, uuid } from '../../../support/analytics/made-up-store.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const FIRST = Date.UTC(2026, 9, 1, 23, 59, 59, 999);
const SECOND = Date.UTC(2026, 9, 2);

describe('an export', () => {
  let folder: string;
  let store: ProjectionStore;
  let projection: Projection;
  beforeAll(async () => {
    folder = temporaryFolder('parquet');
    store = await storeOf([
      { type: 'job.started', time: FIRST, queueWaitMs: 5 },
      {
        ...{
          type: 'job.completed',
          time: SECOND,
          jobType: 'close-books',
          costMicros: 7,
          costCurrency: 'USD',
        },
        ...{ dimensions: { region: "d'or" }, metrics: { 'cost.calls': 1.5 }, fence: 1_790_000_000_000_000 },
      },
      { type: 'job.completed', time: SECOND, jobId: 'odd-7' },
    ]);
    projection = {
      ...{
        by: 'file',
        path: store.path,
        ask: (query) => runQuery(store, query),
        close: async () => undefined,
      },
    };
  });
  afterAll(async () => {
    await store.close();
  });

  const exported = async (into: string, what = {}) => {
    const days = [];
    for await (const day of exportParquet(projection, { folder: into, ...what })) days.push(day);
    return days;
  };

  const read = async (into: string, sql: string) => {
    const instance = await DuckDBInstance.create();
    const connection = await instance.connect();
    await connection.run(
      `CREATE VIEW lake AS FROM read_parquet('${into}/*/*/*.parquet', hive_partitioning = false)`,
    );
    const { rows } = await ask({ connect: async () => connection }, sql);
    instance.closeSync();
    return rows;
  };

  it('is read again by DuckDB, row by row as it was', async () => {
    const into = join(folder, 'whole');
    expect(await exported(into)).toEqual([
      { day: '2026-10-01', events: 1 },
      { day: '2026-10-02', events: 2 },
    ]);
    const own = `SELECT * EXCLUDE (job_key) FROM job_events ORDER BY event_id`;
    expect(await read(into, 'SELECT * EXCLUDE (day) FROM lake ORDER BY event_id')).toEqual(
      (await ask(store, own)).rows,
    );
  });

  it('lies by day and job type, with nothing else beside', async () => {
    const into = join(folder, 'laid');
    await exported(into);
    expect((await readdir(into)).sort()).toEqual(['day=2026-10-01', 'day=2026-10-02']);
    expect((await readdir(join(into, 'day=2026-10-02'))).sort()).toEqual([
      'job_type=close-books',
      'job_type=send-receipt',
    ]);
  });

  it('made again changes nothing, and a later one takes whole days', async () => {
    const into = join(folder, 'again');
    await exported(into);
    await exported(into);
    expect(await exported(into, { sinceMs: SECOND + 3_600_000 })).toEqual([{ day: '2026-10-02', events: 2 }]);
    expect(await read(into, 'SELECT count(*) AS events FROM lake')).toEqual([{ events: 3 }]);
    expect(await exported(join(folder, 'early'), { untilMs: FIRST })).toEqual([
      { day: '2026-10-01', events: 1 },
    ]);
  });

  it('tells days apart in UTC', async () => {
    const into = join(folder, 'zones');
    await exported(into);
    expect(
      await read(
        into,
        `SELECT day, count(*) AS events FROM lake WHERE job_id <> '${uuid(99)}' GROUP BY day ORDER BY day`,
      ),
    ).toEqual([
      { day: '2026-10-01', events: 1 },
      { day: '2026-10-02', events: 2 },
    ]);
  });
});
