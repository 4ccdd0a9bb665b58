import { jobShape, simpleShape } from '../contestants/app-shape.ts';
import type { StreamPlan } from '../contestants/streams.ts';
import { steadyStartMs } from '../harness/sizes.ts';
import type { Stage } from '../harness/stage.ts';
import type { Program } from '../program.ts';
import { ratioOf } from '../statistics.ts';
import { millisecondsNote, runSteady, waitsOf } from './steady-run.ts';

const CONCURRENCY = 100;
const OTHERS_PER_SECOND = 200;
const FAILING_PER_SECOND = 20;
const OTHER_KEYS = 60;
/** Long enough for every attempt of the time it fails. */
const ATTEMPTS = 1_000;
/** Short waits are held in memory, long ones are parked: both happen. */
const BACKOFF_MS = [500, 1_000, 5_000];

const streamsOf = (stage: Stage, fails: boolean): readonly StreamPlan[] => {
  const { warmSeconds, failingSeconds } = stage.sizes;
  const keys = Array.from({ length: OTHER_KEYS }, (_, number) => `other-key-${number}`);
  const others = { keys, perSecond: OTHERS_PER_SECOND };
  const warm = warmSeconds * OTHERS_PER_SECOND;
  const steady = failingSeconds * OTHERS_PER_SECOND;
  const startAfterMs = steadyStartMs(stage.sizes);
  return [
    { ...others, lane: 'warm', from: 0, count: warm },
    { ...others, lane: 'others', from: warm, count: steady, startAfterMs },
    {
      ...{ lane: 'failing', keys: ['failing-key'], perSecond: FAILING_PER_SECOND, startAfterMs },
      ...{ from: warm + steady, count: failingSeconds * FAILING_PER_SECOND },
      failForMs: fails ? failingSeconds * 1_000 : 0,
    },
  ];
};

const p99OfOthers = async (stage: Stage, fails: boolean): Promise<number> => {
  const ns = stage.freshName('isolation');
  const shape = simpleShape(ns, {
    ...{ order: 'key' as const, attempts: ATTEMPTS },
    jobs: [{ ...jobShape(ns, 0), backoffMs: BACKOFF_MS }],
  });
  const streams = streamsOf(stage, fails);
  const result = await runSteady(stage, { shape, concurrency: CONCURRENCY, streams });
  return waitsOf(result, 'others').p99Ms;
};

/** What one failing key costs the others, with order on. */
export const keyIsolation: Program = {
  name: 'key-isolation',
  what: 'p99 wait of other keys while one key fails all the time, order by key',
  run: async (stage) => {
    const without: number[] = [];
    const withFailing: number[] = [];
    for (let round = 0; round < stage.rounds; round += 1) {
      without.push(await p99OfOthers(stage, false));
      withFailing.push(await p99OfOthers(stage, true));
    }
    const { failingSeconds } = stage.sizes;
    return {
      figures: { keyIsolationRatio: ratioOf(withFailing, without) },
      notes: [
        millisecondsNote('other keys, none fails, p99', without),
        millisecondsNote(`other keys, one fails for ${failingSeconds} s, p99`, withFailing),
      ],
    };
  },
};
