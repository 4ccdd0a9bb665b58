import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Stack, startStack } from '../../stack/index.ts';
import { only } from '../support/only.ts';
import { runThroughOutage } from '../support/outage-run.ts';

// The same promises as test/scenarios/outages.test.ts, with the services gone for 20 seconds.
const CONCURRENCY = 10;
const run = { events: 2_000, concurrency: CONCURRENCY, downMs: 20_000 };
const untouched = { published: 2_000, completed: 2_000, dead: 0, withoutEffect: 0, goesOn: true };

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ control: true, quiet: true });
});
afterAll(async () => {
  await stack.stop();
});

test.each([true, false])(
  'Redis gone for 20 s and back (with its file: %s): nothing lost or dead',
  async (keepData) => {
    const redis = only(stack.redis);
    const counts = await runThroughOutage(stack, {
      ...run,
      breakIt: async () => {
        await redis.kill();
        return () => redis.start({ keepData });
      },
    });
    console.log(JSON.stringify({ keepData, ...counts }));
    expect(counts).toMatchObject(untouched);
    expect(counts.secondEffects).toBeLessThanOrEqual(CONCURRENCY);
  },
);

test('the schema registry gone for 20 s and back: nothing lost or dead', async () => {
  const { registry } = stack;
  if (registry === undefined) throw new Error('the stack has no registry');
  const counts = await runThroughOutage(stack, {
    ...run,
    breakIt: async () => {
      await registry.kill();
      return () => registry.start();
    },
  });
  console.log(JSON.stringify(counts));
  expect(counts).toMatchObject({ ...untouched, secondEffects: 0 });
});
