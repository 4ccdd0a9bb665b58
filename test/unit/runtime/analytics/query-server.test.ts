import { existsSync } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  findProjection,
  openProjection,
  type Projection,
} from '../../../../src/runtime/analytics/ask-projection.ts';
import { type QueryServer, serveQueries } from '../../../../src/runtime/analytics/query-server.ts';
import type { ProjectionStore } from '../../../../src/telemetry/projection/store.ts';
import { gather } from '../../../support/analytics/ask.ts';
import { storeOf, uuid } from '../../../support/analytics/made-up-store.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const ENDLESS = 'WITH RECURSIVE r AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM r) SELECT count(*) FROM r';
const COUNT = 'SELECT count(*) AS events FROM job_events';

describe('a projection', () => {
  let folder: string;
  let path: string;
  let store: ProjectionStore;
  let server: QueryServer | undefined;

  beforeEach(async () => {
    folder = temporaryFolder('query');
    path = join(folder, 'p.duckdb');
    store = await storeOf([{ type: 'job.started' }, { type: 'job.completed' }], path);
  });
  afterEach(async () => {
    await server?.close();
    server = undefined;
    await store.close();
  });

  const asked = async (projection: Projection, sql: string) => (await gather(projection.ask({ sql }))).rows;

  it('answers on its socket while it writes, with what is committed', async () => {
    server = await serveQueries(store);
    const projection = await openProjection(path);
    expect(projection.by).toBe('process');
    expect(await asked(projection, COUNT)).toEqual([{ events: 2 }]);
    const writer = await store.connect();
    await writer.run('BEGIN');
    await writer.run(
      `INSERT INTO events (event_id, job_id, type, time) VALUES ('${uuid(9)}', '${uuid(1)}', 'job.started', now())`,
    );
    expect(await asked(projection, COUNT)).toEqual([{ events: 2 }]);
    await writer.run('COMMIT');
    expect(await asked(projection, COUNT)).toEqual([{ events: 3 }]);
    writer.closeSync();
  });

  it('that nobody writes is read from its file', async () => {
    await store.close();
    const projection = await openProjection(path);
    expect([projection.by, await asked(projection, COUNT)]).toEqual(['file', [{ events: 2 }]]);
    await expect(asked(projection, 'SELECT * FROM checkpoint()')).rejects.toMatchObject({
      code: 'ESTEIRA_QUERY_REFUSED',
    });
    await projection.close();
  });

  it('lets only its own user ask: its socket has the mode 0600, and its folder is gone', async () => {
    server = await serveQueries(store);
    expect((await stat(server.socket)).mode & 0o777).toBe(0o600);
  });

  it('replaces the socket of a process that died, and takes its own away', async () => {
    await writeFile(`${path}.sock`, '');
    server = await serveQueries(store);
    expect(await asked(await openProjection(path), COUNT)).toEqual([{ events: 2 }]);
    await server.close();
    expect(existsSync(server.socket)).toBe(false);
    server = undefined;
  });

  it('tells the same error over the socket as from the file', async () => {
    server = await serveQueries(store);
    const error = { code: 'ESTEIRA_QUERY_INVALID', facts: { line: 1, column: 8 } };
    await expect(asked(await openProjection(path), 'SELECT fooo FROM jobs')).rejects.toMatchObject(error);
  });

  it('ends a query whose asker has gone, so that its place is free again', async () => {
    server = await serveQueries(store);
    const socket = server.socket;
    const body = JSON.stringify({ sql: ENDLESS, timeLimitMs: 600_000 });
    const askers = [1, 2].map(() => connect(socket));
    for (const asker of askers)
      asker.write(`POST /query HTTP/1.1\r\nhost: p\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    const projection = await openProjection(path);
    const waiting = asked(projection, COUNT);
    for (const asker of askers) asker.destroy();
    expect(await waiting).toEqual([{ events: 2 }]);
  });

  it('closes although a query runs, and who asked is told', async () => {
    server = await serveQueries(store);
    const projection = await openProjection(path);
    const sql = 'SELECT a.range FROM range(100000000) a, range(100000000) b';
    const parts = projection.ask({ sql, maxRows: 1e9 })[Symbol.asyncIterator]();
    await parts.next();
    await server.close();
    server = undefined;
    const rest = async (): Promise<void> => {
      while ((await parts.next()).done !== true);
    };
    await expect(rest()).rejects.toMatchObject({
      code: expect.stringMatching(/QUERY_LIMIT|PROJECTION_UNAVAILABLE/),
    });
  });

  it('refuses a body that is no query', async () => {
    server = await serveQueries(store);
    const projection = await openProjection(path);
    await expect(gather(projection.ask({ sql: 'SELECT 1', timeLimitMs: -1 }))).rejects.toMatchObject({
      code: 'ESTEIRA_USAGE',
    });
  });

  it('that is not there says how to start one', async () => {
    const missing = join(folder, 'none.duckdb');
    expect(await findProjection(missing)).toBeUndefined();
    await expect(openProjection(missing)).rejects.toMatchObject({
      code: 'ESTEIRA_PROJECTION_UNAVAILABLE',
      message: expect.stringContaining('--roles projection'),
    });
  });

  it('under a path that is too long for a socket says so', async () => {
    const long = { ...store, path: `/${'x'.repeat(120)}` };
    await expect(serveQueries(long)).rejects.toMatchObject({ code: 'ESTEIRA_CONFIG_INVALID' });
  });
});
