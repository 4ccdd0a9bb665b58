import { hash } from 'node:crypto';
import { chmod, open, readdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { JobEvent } from '../../../../src/core/generated/job-event.ts';
import { createRowReader } from '../../../../src/serde/row-reader.ts';
import { openProjectionStore } from '../../../../src/telemetry/projection/store.ts';
import { ask, freshPath, numbered, projectionWorld, TOPIC } from './world.ts';

const newerContract = () => {
  const schema = structuredClone(JobEvent.schema);
  if (typeof schema !== 'object' || schema === null || !('fields' in schema)) throw new TypeError();
  if (!Array.isArray(schema['fields'])) throw new TypeError();
  const fields = [{ name: 'shard', type: ['null', 'string'], default: null }, ...schema['fields']];
  return { name: JobEvent.name, schema: { ...schema, fields } };
};

test('records that are no telemetry are told with their place, and stop nothing', async () => {
  const path = await freshPath();
  const { append, tell, serde, project } = await projectionWorld();
  const cut = (await serde.encode(JobEvent, numbered(9))).subarray(0, -3);
  await append(Buffer.from('{"no": "avro"}'));
  await append(null);
  await append(Buffer.from([0, 0, 0, 0, 99, 1, 2]));
  await append(cut);
  await tell([numbered(1), numbered(2, { time: 2 ** 53 - 1 })]);
  await project(path);
  expect(await ask(path, 'SELECT record_offset::INT, code FROM projection_problems ORDER BY 1')).toEqual([
    [0, 'BAD_MAGIC_BYTE'],
    [1, 'TOMBSTONE'],
    [2, 'SCHEMA_ID_UNKNOWN'],
    [3, 'BODY_MALFORMED'],
    [5, 'VALUE_UNFIT'],
  ]);
  expect(await ask(path, 'SELECT record_offset::INT FROM job_events')).toEqual([[4]]);
});

// Such a record ended the process, at every start again: what it had left in the chunk pointed to memory that was gone.
test('a record with a key that is no text, and an end that is missing, leaves nothing among the rows before it', async () => {
  const path = await freshPath();
  const { append, tell, serde, project } = await projectionWorld();
  const dimensions = { 'a key of many characters': 'a value of many characters' };
  const broken = await serde.encode(
    JobEvent,
    numbered(9, { dimensions: { ...dimensions, 'a key that is no text': 'x'.repeat(40) } }),
  );
  const key = broken.indexOf('a key that is no text');
  broken[key] = 0xff;
  await tell([numbered(1, { dimensions }), numbered(2, { dimensions })]);
  await append(broken.subarray(0, -3));
  await project(path);
  await tell([numbered(3, { dimensions })]);
  await append(broken.subarray(0, -3));
  await project(path);
  expect(await ask(path, 'SELECT code FROM projection_problems')).toEqual([
    ['BODY_MALFORMED'],
    ['BODY_MALFORMED'],
  ]);
  expect(
    await ask(path, 'SELECT DISTINCT to_json(dimensions)::VARCHAR, count(*)::INT FROM job_events GROUP BY 1'),
  ).toEqual([[JSON.stringify(dimensions), 3]]);
});

test('events of a newer schema are read, without what this version does not know', async () => {
  const path = await freshPath();
  const { tell, tellAs, project } = await projectionWorld();
  await tell([numbered(1)]);
  await tellAs(newerContract(), { ...numbered(2, { jobId: 'from a newer one' }), shard: 's1' });
  await tell([numbered(3)]);
  await project(path);
  expect(await ask(path, 'SELECT event_id FROM job_events ORDER BY record_offset')).toEqual(
    [1, 2, 3].map((index) => [numbered(index).eventId]),
  );
});

test('a store of an older layout keeps its rows, with nulls in columns it did not have', async () => {
  const path = await freshPath();
  const { tell, project } = await projectionWorld();
  await tell([numbered(1, { replayId: 'r-1' }), numbered(2)]);
  await project(path);
  const store = await openProjectionStore(path);
  const connection = await store.connect();
  await connection.run(
    `DROP VIEW job_events; ALTER TABLE events DROP COLUMN replay_id; UPDATE projection_store SET columns = 'older'`,
  );
  connection.closeSync();
  await store.close();
  await tell([numbered(1), numbered(3, { replayId: 'r-3' })]);
  await project(path);
  expect(await ask(path, 'SELECT event_id, replay_id FROM job_events ORDER BY record_offset')).toEqual([
    [numbered(1).eventId, null],
    [numbered(2).eventId, null],
    [numbered(3).eventId, 'r-3'],
  ]);
});

// DuckDB makes its files with what the umask leaves, 0644 mostly: all tenants for every user of the machine.
test('its files are for its own user alone, whatever the umask, from their first byte on', async () => {
  const path = await freshPath();
  const store = await openProjectionStore(path);
  const read = createRowReader(JobEvent) ?? expect.fail();
  const writer = await store.writer(read);
  const modes = async () => {
    const names = (await readdir(dirname(path))).sort();
    return Promise.all(
      names.map(async (name) => [name, (await stat(join(dirname(path), name))).mode & 0o777]),
    );
  };
  const own = [
    ['shop.projection.duckdb', 0o600],
    ['shop.projection.duckdb.tmp', 0o700],
    ['shop.projection.duckdb.wal', 0o600],
  ];
  const connection = await store.connect();
  for (let commit = 0; commit < 2; commit++) {
    await writer.begin();
    expect(await modes()).toEqual(own);
    writer.addProblem({ partition: 0, offset: commit, code: 'TOMBSTONE', detail: '' });
    await writer.commit();
    expect(await modes()).toEqual(own);
    await connection.run('CHECKPOINT'); // the log is gone, and made again for the next commit
  }
  connection.closeSync();
  writer.close();
  await store.close();
  await chmod(path, 0o644);
  await (await openProjectionStore(path)).close();
  expect(await modes()).toEqual([['shop.projection.duckdb', 0o600]]);
});

test('a file that another one writes is refused, and who reads it is told whom to ask', async () => {
  const path = await freshPath();
  const store = await openProjectionStore(path);
  await expect(openProjectionStore(path)).rejects.toMatchObject({
    code: 'ESTEIRA_PROJECTION_UNAVAILABLE',
    message: expect.stringContaining('esteira telemetry query'),
  });
  await store.close();
});

test('without DuckDB the error says what to install', async () => {
  vi.doMock('@duckdb/node-api', () => {
    throw new Error('not there');
  });
  onTestFinished(() => void vi.doUnmock('@duckdb/node-api'));
  await expect(openProjectionStore(':memory:')).rejects.toMatchObject({
    code: 'ESTEIRA_PACKAGE_MISSING',
    message: expect.stringContaining('npm install @duckdb/node-api'),
  });
});

// What stood in the middle of the file was found when it was read, and told in DuckDB's words, without what to do.
test('a file that is damaged somewhere says so when it is opened to be written, and what to do', async () => {
  const path = await freshPath();
  const { tell, project } = await projectionWorld();
  const events = Array.from({ length: 3_000 }, (_, index) =>
    numbered(index, { errorMessage: hash('sha512', String(index)).repeat(2) }),
  );
  await tell(events);
  await project(path);
  const file = await open(path, 'r+');
  await file.write(Buffer.alloc(20_000, 0x5a), 0, 20_000, 300_000);
  await file.close();
  await expect(project(path)).rejects.toMatchObject({
    code: 'ESTEIRA_PROJECTION_UNAVAILABLE',
    message: expect.stringContaining('moved away'),
  });
});

test('what is no projection is refused, and keeps the rights it had', async () => {
  const path = await freshPath();
  const folder = dirname(path);
  await chmod(folder, 0o755);
  await writeFile(path, 'notes of somebody', { mode: 0o644 });
  for (const other of [path, folder]) {
    const before = (await stat(other)).mode;
    await expect(openProjectionStore(other)).rejects.toMatchObject({
      code: 'ESTEIRA_PROJECTION_UNAVAILABLE',
    });
    expect((await stat(other)).mode).toBe(before);
  }
  expect(await readdir(folder)).toEqual(['shop.projection.duckdb']);
});

test('a store of a newer layout is left alone', async () => {
  const path = await freshPath();
  const store = await openProjectionStore(path);
  const connection = await store.connect();
  await connection.run('UPDATE projection_store SET layout = 99');
  connection.closeSync();
  await store.close();
  await expect(openProjectionStore(path)).rejects.toMatchObject({ code: 'ESTEIRA_PROJECTION_UNAVAILABLE' });
});

test('a store built from a topic that is gone refuses the new one of its name, and says what to do', async () => {
  const path = await freshPath();
  const { broker, createTopic, tell, project } = await projectionWorld();
  await tell([numbered(1), numbered(2)]);
  await project(path);
  await broker.admin.deleteTopics([TOPIC]);
  await createTopic();
  await expect(project(path)).rejects.toMatchObject({
    code: 'ESTEIRA_PROJECTION_UNAVAILABLE',
    message: expect.stringContaining('Move the file away'),
  });
});

test('where the projection stands is shown by its group', async () => {
  const { tell, project, broker } = await projectionWorld();
  await tell([numbered(1), numbered(2)]);
  await project(await freshPath());
  expect(await broker.admin.committedOffsets('shop.projection', TOPIC)).toEqual([
    expect.objectContaining({ partition: 0, offset: 2n }),
  ]);
});
