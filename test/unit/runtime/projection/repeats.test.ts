import { copyFile } from 'node:fs/promises';
import { expect, test, vi } from 'vitest';
import { ask, checksum, freshPath, numbered, projectionWorld } from './world.ts';

/** Each opens a file many times over. */
vi.setConfig({ testTimeout: 60_000 });

const first = (count: number) => Array.from({ length: count }, (_, index) => numbered(index));

test('an event told again is one row, beside the first, a commit later and after a restart', async () => {
  const path = await freshPath();
  const { tell, project } = await projectionWorld();
  await tell([...first(3_000), numbered(7), numbered(7)]);
  await project(path);
  await tell([numbered(0), numbered(3_000), numbered(2_999), numbered(3_000)]);
  await project(path);
  expect(await ask(path, 'SELECT count(*), count(DISTINCT event_id) FROM job_events')).toEqual([
    ['3001', '3001'],
  ]);
  expect(await ask(path, 'SELECT repeats FROM projection_store')).toEqual([['5']]);
});

test('every record read is a row, a repeat, held back or a problem', async () => {
  const path = await freshPath();
  const { tell, append, project } = await projectionWorld();
  await tell([...first(50), numbered(7), numbered(50, { time: 0 })]);
  await append(Buffer.from('not avro'));
  await tell([numbered(8)], 1);
  await project(path);
  const [tally] = await ask(
    path,
    `SELECT sum(records)::INT, sum(held_back)::INT, sum(problems)::INT, (SELECT count(*)::INT FROM events),
     (SELECT repeats::INT FROM projection_store) FROM projection_positions`,
  );
  expect(tally).toEqual([54, 1, 1, 50, 2]);
});

test('of an event told in two partitions the row is the same, whichever was read first', async () => {
  const [together, lateFirst] = [await freshPath(), await freshPath()];
  const { tell, project } = await projectionWorld();
  await tell(first(20), 1);
  await project(lateFirst);
  await tell(first(10), 0);
  await project(lateFirst);
  await project(together);
  expect(await checksum(lateFirst)).toEqual(await checksum(together));
  expect(
    await ask(together, 'SELECT "partition", count(*)::INT FROM job_events GROUP BY ALL ORDER BY 1'),
  ).toEqual([
    [0, 10],
    [1, 10],
  ]);
});

test('an event that was moved to another commit is known there too', async () => {
  const path = await freshPath();
  const { tell, project } = await projectionWorld();
  await tell([numbered(1)], 1);
  await project(path);
  await tell([numbered(1)], 0);
  await project(path);
  await tell([numbered(1)], 1);
  await project(path);
  expect(await ask(path, 'SELECT count(*)::INT FROM job_events')).toEqual([[1]]);
});

test('a store that goes on from a copy has the same rows as one built at once', async () => {
  const [path, copy, rebuilt] = [await freshPath(), await freshPath(), await freshPath()];
  const { tell, project } = await projectionWorld();
  await tell(first(2_500));
  await project(path);
  await copyFile(path, copy);
  await tell([...first(100), numbered(9_000)], 1);
  await project(path);
  await project(copy);
  await project(rebuilt);
  expect(await checksum(copy)).toEqual(await checksum(path));
  expect(await checksum(rebuilt)).toEqual(await checksum(path));
});
