import { jobShape, simpleShape } from '../contestants/app-shape.ts';
import { prepareApp, startWorker, writeBacklog } from '../harness/app-run.ts';
import { BenchFailure, mustBeExact } from '../harness/check-effects.ts';
import type { Stage } from '../harness/stage.ts';
import type { Note, Program } from '../program.ts';
import { readable } from '../rounded.ts';
import { measuredOf, median, ratioOf } from '../statistics.ts';
import { KEYS } from './contestant.ts';

const CONCURRENCY = 100;
const SAMPLES = 5;
const SHORTER = 10;
const MIB = 1_048_576;

/** The events of one backlog; every round reads them with an app of its own. */
const writeOnce = async (stage: Stage, count: number): Promise<string> => {
  const shape = simpleShape(stage.freshName('backlog'));
  await prepareApp(stage, shape);
  await writeBacklog(stage, shape, [{ lane: 'all', from: 0, count, keys: KEYS }]);
  return jobShape(shape.ns, 0).topic;
};

/** Works through the first part of a backlog; heap and external bytes after collections on the way. */
const measure = async (stage: Stage, topic: string): Promise<number> => {
  const { backlog } = stage.sizes;
  const ns = stage.freshName('memory');
  const shape = simpleShape(ns, { jobs: [jobShape(ns, 0, topic)] });
  // As many jobs of either backlog; most of both is still to come at the last look.
  const step = Math.floor(backlog / SHORTER / 4 / SAMPLES);
  const memoryAt = Array.from({ length: SAMPLES }, (_, sample) => step * (sample + 1));
  try {
    await prepareApp(stage, shape);
    const plan = { shape, concurrency: CONCURRENCY, capacity: backlog, memoryAt, expected: step * SAMPLES };
    const flags = ['--expose-gc'];
    const result = await stage.watched(() => startWorker(stage, plan, { flags }).result);
    // Stopped in the middle, it has finished more than was expected of it.
    mustBeExact({ ...result.effects, missing: Math.max(0, result.effects.missing) }, ns);
    if (result.memoryBytes.length !== SAMPLES) throw new BenchFailure(`${ns}: memory was not looked at`);
    return median(result.memoryBytes) / MIB;
  } finally {
    await stage.clear(ns);
  }
};

const noteOf = (backlog: number, mib: readonly number[]): Note => ({
  what: `heap + external at a backlog of ${readable(backlog)}`,
  value: measuredOf(mib),
  unit: 'MiB',
});

/** (f) Memory of a worker in front of a long backlog and of one a tenth as long. */
export const memory: Program = {
  name: 'memory',
  what: 'heap + external after collection, in front of a backlog and of one ten times as long',
  run: async (stage) => {
    const { backlog } = stage.sizes;
    const topics = [await writeOnce(stage, backlog / SHORTER), await writeOnce(stage, backlog)] as const;
    const short: number[] = [];
    const long: number[] = [];
    for (let round = 0; round < stage.rounds; round += 1) {
      short.push(await measure(stage, topics[0]));
      long.push(await measure(stage, topics[1]));
    }
    for (const topic of topics) await stage.clear(topic.replace(/\.events-0$/, ''));
    return {
      figures: { memoryRatio: ratioOf(long, short) },
      notes: [noteOf(backlog / SHORTER, short), noteOf(backlog, long)],
    };
  },
};
