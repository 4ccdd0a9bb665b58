import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Stack, startStack } from '../../stack/index.ts';
import { only } from '../support/only.ts';
import { runThroughOutage } from '../support/outage-run.ts';

// Promise: registry, Redis or their data gone: nothing lost, nothing wrongly dead, work goes on by itself.
const EVENTS = 300;
const CONCURRENCY = 10;
const DOWN_MS = 4_000;

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ control: true, quiet: true });
});
afterAll(async () => {
  await stack.stop();
});

const untouched = { published: EVENTS, completed: EVENTS, dead: 0, withoutEffect: 0, goesOn: true };

test('Redis killed and started again with its file: nothing lost, nothing dead, few second effects', async () => {
  const redis = only(stack.redis);
  const counts = await runThroughOutage(stack, {
    ...{ events: EVENTS, concurrency: CONCURRENCY, downMs: DOWN_MS },
    breakIt: async () => {
      await redis.kill();
      return () => redis.start({ keepData: true });
    },
  });
  expect(counts).toMatchObject(untouched);
  // At most the jobs in flight: what had ended was committed, or finds its mark.
  expect(counts.secondEffects).toBeLessThanOrEqual(CONCURRENCY);
});

test('Redis killed and started again empty: nothing lost, nothing dead, second effects counted', async () => {
  const redis = only(stack.redis);
  const counts = await runThroughOutage(stack, {
    ...{ events: EVENTS, concurrency: CONCURRENCY, downMs: DOWN_MS },
    breakIt: async () => {
      await redis.kill();
      return () => redis.start({ keepData: false });
    },
  });
  expect(counts).toMatchObject(untouched);
  expect(counts.secondEffects).toBeLessThanOrEqual(CONCURRENCY);
});

test('the schema registry hangs: what is known goes on, nothing is lost or dead', async () => {
  const { registry } = stack;
  if (registry === undefined) throw new Error('the stack has no registry');
  const counts = await runThroughOutage(stack, {
    ...{ events: EVENTS, concurrency: CONCURRENCY, downMs: DOWN_MS },
    breakIt: async () => {
      registry.freeze();
      return async () => registry.thaw();
    },
  });
  expect(counts).toMatchObject({ ...untouched, secondEffects: 0 });
});
