import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Stack, startStack } from '../../stack/index.ts';
import { freshName } from '../support/scenario.ts';
import { behindBacklog } from '../support/urgent.ts';
import { pause } from '../support/wait.ts';

// The promise of test/scenarios/lanes.test.ts at its full size, with handlers that keep the fetch loop busy.
const BACKLOG = 100_000;

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ quiet: true });
  Object.assign(process.env, stack.env);
});
afterAll(async () => {
  await stack.stop();
});

test.each([0, 5])(
  'an urgent dispatch starts within 2 s behind 100,000 normal ones of %i ms each',
  async (workMs) => {
    const run = await behindBacklog(freshName('lanes'), BACKLOG, workMs);
    const tookMs: number[] = [];
    while (tookMs.length < 10 || run.ended() < BACKLOG / 4) {
      tookMs.push(await run.urgent());
      await pause(200);
    }
    const ended = run.ended();
    await run.scenario.close();
    const inOrder = [...tookMs].sort((a, b) => a - b);
    const median = inOrder[Math.floor(inOrder.length / 2)];
    const rounds = inOrder.length;
    console.log(JSON.stringify({ backlog: BACKLOG, workMs, ended, rounds, median, most: inOrder.at(-1) }));
    expect(ended).toBeLessThan(BACKLOG);
    expect(Math.max(...tookMs)).toBeLessThan(2_000);
  },
);
