import { afterAll, beforeAll, expect, test } from 'vitest';
import { approveReplay, type PlanFile, replayStatus, runReplay } from '../../src/runtime/replay/index.ts';
import { applyTopics } from '../../src/runtime/topics/index.ts';
import { type Stack, startStack } from '../../stack/index.ts';
import { openServices } from '../support/open-services.ts';
import { replayApp } from '../support/replay-app.ts';
import { writeLetters } from '../support/replay-letters.ts';
import { asOperator, countCopies, planAll, runUntilKilled } from '../support/replay-scene.ts';
import { freshName } from '../support/scenario.ts';
import { waitFor } from '../support/wait.ts';

const LETTERS = 50_000;
const RATE = 500;
/** More than this at once is not flat: the letters themselves are 30 MB. */
const MOST_GROWTH_BYTES = 96 * 1_048_576;

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ quiet: true });
  Object.assign(process.env, stack.env);
});
afterAll(async () => {
  await stack.stop();
});

/** Runs it, and looks at the memory meanwhile. */
const measured = async <T>(work: () => Promise<T>) => {
  const before = process.memoryUsage.rss();
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, 20);
  const beganAt = performance.now();
  const value = await work();
  clearInterval(timer);
  return { value, tookMs: Math.round(performance.now() - beganAt), grewBytes: most - before };
};

const reason = 'ink is back';

test('50,000 dead letters are planned in ten seconds, run at their rate, and each is replayed once though its run is killed', async () => {
  const app = replayApp(freshName('replay50k'));
  const services = await openServices(app);
  await applyTopics(app, services.backend.broker.admin, {});
  await writeLetters(services.backend, app.name, LETTERS);
  const as = <T>(name: string, work: Parameters<typeof asOperator<T>>[3]) =>
    asOperator(app, services, name, work);

  const planned = await measured<PlanFile>(() => as('ana', planAll));
  const { planId } = planned.value;
  await as('bea', (parts) => approveReplay(parts, { planId, reason }));
  await writeLetters(services.backend, app.name, 500, { first: LETTERS });
  await runUntilKilled(app, services, { planId, rate: RATE, atRecords: LETTERS / 4 });
  const run = await measured(() =>
    as('ana', async (parts) => {
      await waitFor(
        'the claim to end',
        async () => (await replayStatus(parts, planId)).state === 'interrupted',
      );
      const result = await runReplay(parts, { planId, reason, resume: true });
      return { ...result, rate: ((result.settled - result.settledBefore) * 1_000) / result.elapsedMs };
    }),
  );
  const counts = await countCopies(app, planned.value);
  console.log(
    JSON.stringify({
      plan: { tookMs: planned.tookMs, grewMb: Math.round(planned.grewBytes / 1_048_576) },
      run: { rate: run.value.rate, grewMb: Math.round(run.grewBytes / 1_048_576) },
      counts,
    }),
  );
  await services.close();
  expect(planned.value.plan.total).toBe(LETTERS);
  expect(planned.tookMs).toBeLessThan(10_000);
  expect(planned.grewBytes).toBeLessThan(MOST_GROWTH_BYTES);
  expect(Math.abs(run.value.rate - RATE)).toBeLessThan(RATE * 0.05);
  expect(counts).toEqual({
    ...{ letters: LETTERS + 500, records: LETTERS, replayed: LETTERS, repeated: 0 },
    ...{ strangers: 0, outsideThePlan: 0, differ: 0 },
  });
});
