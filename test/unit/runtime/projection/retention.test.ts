import { stat } from 'node:fs/promises';
import { expect, test, vi } from 'vitest';
import { ask, checksum, freshPath, NOW_MS, numbered, projectionWorld } from './world.ts';

/** Each opens a file many times over. */
vi.setConfig({ testTimeout: 60_000 });

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** An event so many hours before now. */
const aged = (index: number, hours: number) => numbered(index, { time: NOW_MS - hours * HOUR_MS });

test('what is older than the retention is deleted, and left out when the store is built again', async () => {
  const [path, rebuilt] = [await freshPath(), await freshPath()];
  const { tell, project } = await projectionWorld();
  await tell([aged(1, 47), aged(2, 30), aged(3, 25), aged(4, 2)]);
  await project(path, { retentionMs: 2 * DAY_MS });
  expect(await ask(path, 'SELECT count(*)::INT FROM job_events')).toEqual([[4]]);
  await project(path, { retentionMs: DAY_MS });
  await project(rebuilt, { retentionMs: DAY_MS });
  expect(await ask(path, 'SELECT count(*)::INT FROM job_events')).toEqual([[1]]);
  expect(await checksum(rebuilt)).toEqual(await checksum(path));
});

test('a store that was left alone for long is cleared in the end, an hour at a time', async () => {
  const path = await freshPath();
  const { tell, project } = await projectionWorld();
  await tell(Array.from({ length: 100 }, (_, index) => aged(index, index)));
  await project(path);
  await project(path, { nowMs: NOW_MS + 400 * DAY_MS });
  for (let left = 1; left < 5; left++) await project(path, { nowMs: NOW_MS + 400 * DAY_MS });
  expect(await ask(path, 'SELECT count(*)::INT FROM job_events')).toEqual([[0]]);
});

test('a file whose events come and go does not grow for ever', async () => {
  const path = await freshPath();
  const { tell, project } = await projectionWorld();
  const sizes: number[] = [];
  for (let day = 0; day < 6; day++) {
    const time = NOW_MS + day * DAY_MS;
    const text = `an error of the day ${day}: ${'x'.repeat(600)}`;
    await tell(
      Array.from({ length: 2_000 }, (_, index) =>
        numbered(day * 2_000 + index, { time, errorMessage: `${index} ${text} ${index}` }),
      ),
    );
    await project(path, { nowMs: time + HOUR_MS, retentionMs: DAY_MS });
    sizes.push((await stat(path)).size);
  }
  expect(sizes[5]).toBeLessThan(1.5 * (sizes[2] ?? 0));
});
