import { afterAll, expect, test } from 'vitest';
import { freshName } from '../support/scenario.ts';
import { behindBacklog, type UrgentRun } from '../support/urgent.ts';
import { pause } from '../support/wait.ts';

// Promise: an urgent dispatch starts at once, however many normal ones lie in Kafka before it.
const closers: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const close of closers) await close();
});

const BACKLOG = 5_000;
/** With ten at once the backlog takes 75 s. */
const WORK_MS = 150;

test('an urgent dispatch starts within 2 s behind a backlog of a minute and more', async () => {
  const run: UrgentRun = await behindBacklog(freshName('lanes'), BACKLOG, WORK_MS);
  closers.push(run.scenario.close);
  const tookMs: number[] = [];
  for (let round = 0; round < 6; round += 1) {
    tookMs.push(await run.urgent());
    // Longer than the fetches stay short after a pause: each meets another state of the fetch loop.
    await pause(round % 2 === 0 ? 2_300 : 100);
  }
  console.log(JSON.stringify({ backlog: BACKLOG, workMs: WORK_MS, tookMs, ended: run.ended() }));
  expect(run.ended()).toBeLessThan(BACKLOG / 2);
  expect(Math.max(...tookMs)).toBeLessThan(2_000);
});
