import { jobShape, simpleShape } from '../contestants/app-shape.ts';
import type { WorkerPlan, WorkerResult } from '../contestants/worker-input.ts';
import { prepareApp, startWorker, writeBacklog } from '../harness/app-run.ts';
import { BenchFailure, mustBeExact } from '../harness/check-effects.ts';
import type { Stage } from '../harness/stage.ts';
import type { Note, Program } from '../program.ts';
import { readable } from '../rounded.ts';
import { measuredOf, median, ratioOf } from '../statistics.ts';
import { KEYS } from './contestant.ts';

const CONCURRENCY = 100;
const RATE_CONCURRENCY = 500;
const SAMPLES = 5;
const MIB = 1_048_576;

/** The events of one backlog, behind those that warm the worker up; every run reads them with an app of its own. */
interface Backlog {
  readonly jobs: number;
  readonly topic: string;
  readonly rates: number[];
  /** MiB; empty where memory is not looked at. */
  readonly memory: number[];
}

const writeOnce = async (stage: Stage, jobs: number): Promise<Backlog> => {
  const shape = simpleShape(stage.freshName('backlog'));
  const count = stage.sizes.warmJobs + jobs;
  await prepareApp(stage, shape);
  await writeBacklog(stage, shape, [{ lane: 'all', from: 0, count, keys: KEYS }]);
  return { jobs, topic: jobShape(shape.ns, 0).topic, rates: [], memory: [] };
};

/** Works through the first part of a backlog, in a process and an app of its own. */
const workOff = async (
  stage: Stage,
  { jobs, topic }: Backlog,
  plan: Omit<WorkerPlan, 'shape' | 'capacity'>,
  flags: readonly string[] = [],
): Promise<WorkerResult> => {
  const ns = stage.freshName('memory');
  const shape = simpleShape(ns, { jobs: [jobShape(ns, 0, topic)] });
  const capacity = stage.sizes.warmJobs + jobs;
  try {
    await prepareApp(stage, shape);
    const result = await stage.watched(
      () => startWorker(stage, { ...plan, shape, capacity }, { flags }).result,
    );
    // Stopped in the middle, it has finished more than was expected of it.
    mustBeExact({ ...result.effects, missing: Math.max(0, result.effects.missing) }, ns);
    return result;
  } finally {
    await stage.clear(ns);
  }
};

/** Jobs a second over the first part of a backlog, by a worker that is warm. */
const rateOf = async (stage: Stage, backlog: Backlog): Promise<number> => {
  const { warmJobs: warm, timedJobs } = stage.sizes;
  const expected = warm + Math.min(backlog.jobs, timedJobs);
  const { window } = await workOff(stage, backlog, { concurrency: RATE_CONCURRENCY, warm, expected });
  if (window === undefined) throw new BenchFailure(`${backlog.topic}: nothing was timed`);
  return window.jobs / window.seconds;
};

/** Heap and external MiB after collections on the way; `shorter` jobs are the shorter of the backlogs compared. */
const memoryOf = async (stage: Stage, backlog: Backlog, shorter: number): Promise<number> => {
  // As many jobs of either backlog; most of both is still to come at the last look.
  const step = Math.floor(shorter / 4 / SAMPLES);
  const memoryAt = Array.from({ length: SAMPLES }, (_, sample) => step * (sample + 1));
  const plan = { concurrency: CONCURRENCY, memoryAt, expected: step * SAMPLES };
  const { memoryBytes } = await workOff(stage, backlog, plan, ['--expose-gc']);
  if (memoryBytes.length !== SAMPLES) throw new BenchFailure(`${backlog.topic}: memory was not looked at`);
  return median(memoryBytes) / MIB;
};

const notesOf = ({ jobs, rates, memory }: Backlog): readonly Note[] => [
  { what: `at a backlog of ${readable(jobs)}`, value: measuredOf(rates), unit: 'jobs/s' },
  ...(memory.length === 0
    ? []
    : [
        {
          ...{ what: `heap + external at a backlog of ${readable(jobs)}`, unit: 'MiB' },
          value: measuredOf(memory),
        },
      ]),
];

/** (f) Jobs a second in front of backlogs of all sizes, and memory in front of a long one and of one a tenth as long. */
export const memory: Program = {
  name: 'memory',
  what: 'jobs/s in front of backlogs of all sizes; heap + external after collection at the two longest',
  run: async (stage) => {
    const backlogs: Backlog[] = [];
    for (const jobs of stage.sizes.backlogs) backlogs.push(await writeOnce(stage, jobs));
    const [short, long] = backlogs.slice(-2);
    if (short === undefined || long === undefined) throw new BenchFailure('there are no two backlogs');
    for (let round = 0; round < stage.rounds; round += 1) {
      for (const one of [short, long]) one.memory.push(await memoryOf(stage, one, short.jobs));
      for (const one of backlogs) one.rates.push(await rateOf(stage, one));
    }
    for (const { topic } of backlogs) await stage.clear(topic.replace(/\.events-0$/, ''));
    return {
      figures: { memoryRatio: ratioOf(long.memory, short.memory) },
      notes: backlogs.flatMap(notesOf),
    };
  },
};
