import { z } from 'zod';
import { durationName } from '../../src/core/duration.ts';
import { type AppShape, jobShape, simpleShape } from '../contestants/app-shape.ts';
import { prepareApp, startPublisher } from '../harness/app-run.ts';
import { BenchFailure } from '../harness/check-effects.ts';
import type { Stage } from '../harness/stage.ts';
import type { Program } from '../program.ts';
import { measuredOf, quantile } from '../statistics.ts';
import { millisecondsNote } from './steady-run.ts';

const PER_SECOND = 100;
const KEYS = 100;

const LatenessResult = z.object({
  latenessMs: z.record(z.string(), z.array(z.number())),
  repeats: z.number(),
});

/** One job type a tier, all on one event: each event fails once in each of them. */
const shapeOf = (ns: string, tiersMs: readonly number[]): AppShape => {
  const { topic, eventType } = jobShape(ns, 0);
  const jobs = tiersMs.map((tierMs) => ({
    ...{ type: `after-${durationName(tierMs)}`, topic, eventType },
    backoffMs: [tierMs],
  }));
  return simpleShape(ns, { jobs, tiersMs: [...tiersMs] });
};

const measure = async (stage: Stage) => {
  const { retries, tiersMs } = stage.sizes;
  const shape = shapeOf(stage.freshName('lateness'), tiersMs);
  try {
    await prepareApp(stage, shape);
    return await stage.watched(async () => {
      const input = { shape, expected: retries * tiersMs.length };
      const worker = stage.start('lateness-worker', input, LatenessResult);
      await worker.ready;
      const stream = { lane: 'all', from: 0, count: retries, keys: KEYS, perSecond: PER_SECOND };
      await startPublisher(stage, shape, [stream]).result;
      return worker.result;
    });
  } finally {
    await stage.clear(shape.ns);
  }
};

/** (d) How late a retry starts after it is due, tier by tier, and whether any starts too early. */
export const lateness: Program = {
  name: 'lateness',
  what: 'lateness of due retries, tiers of 100 ms to 1 min; early ones',
  run: async (stage) => {
    const { latenessMs } = await measure(stage);
    const tiers = Object.entries(latenessMs);
    if (tiers.length !== stage.sizes.tiersMs.length) throw new BenchFailure('a tier has no retries');
    const worst = Math.max(...tiers.map(([, late]) => quantile(late, 0.99)));
    const early = tiers.flatMap(([, late]) => late.filter((ms) => ms < 0)).length;
    return {
      figures: { latenessP99Ms: measuredOf([worst]), earlyCount: measuredOf([early]) },
      notes: tiers.flatMap(([tier, late]) => [
        millisecondsNote(`${tier} (${late.length} retries), p50`, [quantile(late, 0.5)]),
        millisecondsNote(`${tier}, p99`, [quantile(late, 0.99)]),
      ]),
    };
  },
};
