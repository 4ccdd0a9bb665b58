import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Stack, startStack } from '../../stack/index.ts';
import { type Random, randomOf } from '../simulation/random.ts';
import type { ChurnVersion } from '../support/churn-app.ts';
import { ChurnRun, type ChurnWorker } from '../support/churn-run.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { pause } from '../support/wait.ts';

/** Plays this plan again: who leaves, who dies, and when; what meets it is the machine's. */
const SEED = Number(process.env['CHURN_SEED'] ?? Date.now() % 1_000_000);
const CHURN_MS = 10_000;
/** Longer than a rebalance takes, so that a partition moves while its jobs run. */
const SLOW_MS = 2_500;
const FEWEST = 2;
const MOST = 3;

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ quiet: true });
  Object.assign(process.env, stack.env);
});
afterAll(async () => {
  await stack.stop();
});

const nextStep = (random: Random): Promise<void> => pause(random.whole(2_000, 4_000));

/** A process goes: in order, or as the kernel would end it, also while it joins. */
const goes = async (run: ChurnRun, worker: ChurnWorker, dies: boolean): Promise<void> => {
  if (dies) await run.die(worker);
  else void run.leave(worker);
};

/** Every few seconds a process of the version joins, or one leaves or dies. */
const churn = async (run: ChurnRun, random: Random, version: ChurnVersion): Promise<void> => {
  for (const untilMs = Date.now() + CHURN_MS; Date.now() < untilMs; await nextStep(random)) {
    const { workers } = run;
    const worker = workers[random.whole(0, workers.length - 1)];
    const joins = workers.length <= FEWEST || (workers.length < MOST && random.chance(0.5));
    if (joins || worker === undefined) run.join(version);
    else await goes(run, worker, random.chance(0.5));
  }
};

/** For each process of the other version, a new one joins, and the old one goes when that is ready; the first one dies. */
const deploy = async (run: ChurnRun, random: Random, version: ChurnVersion): Promise<void> => {
  const old = run.workers.filter((worker) => worker.version !== version);
  for (const [index, worker] of old.entries()) {
    await Promise.all([run.join(version).ready, nextStep(random)]);
    await goes(run, worker, index === 0 || random.chance(0.5));
  }
};

// Promise: a rebalance at any moment skips nothing, moves no committed offset back and leaves no partition paused.
test(`members come, go and die through two deploys that change what they subscribe to (CHURN_SEED=${SEED})`, async () => {
  const random = randomOf(SEED);
  const run = await ChurnRun.open(temporaryFolder('churn'), {
    slowMs: SLOW_MS,
    refundsFail: false,
    window: 20,
  });
  try {
    run.publishSteadily(25);
    await Promise.all([run.join(1).ready, run.join(1).ready]);
    await churn(run, random, 1);
    await deploy(run, random, 2);
    await churn(run, random, 2);
    await deploy(run, random, 1);
    // What version 2 has left behind waits for it; version 1 goes on beside it.
    await run.join(2).ready;
    const { wrong, counts } = await run.finish(120_000);
    console.log(JSON.stringify({ seed: SEED, ...counts }));
    for (const [what, cases] of Object.entries(wrong)) expect(cases, what).toEqual([]);
    expect(counts['killed']).toBeGreaterThanOrEqual(2);
  } finally {
    await run.close();
  }
});
