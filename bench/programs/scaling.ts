import { type AppShape, simpleShape } from '../contestants/app-shape.ts';
import type { WorkerResult } from '../contestants/worker-input.ts';
import { prepareApp, startWorker, writeBacklog } from '../harness/app-run.ts';
import { mustBeExact } from '../harness/check-effects.ts';
import type { Stage } from '../harness/stage.ts';
import { waitUntil } from '../harness/wait-until.ts';
import type { Note, Program } from '../program.ts';
import { measuredOf } from '../statistics.ts';
import { mergeTimelines, rateBetween } from '../timeline.ts';
import { KEYS, type Load } from './contestant.ts';
import { esteira, runEsteira } from './esteira-contestant.ts';
import { calibrate } from './interleaved.ts';

const PATIENCE_MS = 600_000;
const PARTITIONS_FOR_PROCESSES = 12;

/** How often each piece took effect in all processes together. */
const mergedEffects = (results: readonly WorkerResult[], jobs: number) => {
  const counts = new Uint32Array(jobs);
  for (const result of results) {
    for (const [index, count] of Buffer.from(result.counts, 'base64').entries()) {
      counts[index] = (counts[index] ?? 0) + count;
    }
  }
  const missing = counts.filter((count) => count === 0).length;
  const total = counts.reduce((sum, count) => sum + count, 0);
  return { total, missing, repeated: total - (jobs - missing), disordered: 0 };
};

/** Runs several workers on one backlog until all of it has taken effect. */
const runTogether = async (stage: Stage, shape: AppShape, load: Load, processes: number) => {
  const done: number[] = [];
  const workers = Array.from({ length: processes }, (_, place) =>
    startWorker(
      stage,
      { shape, concurrency: load.concurrency, capacity: load.jobs },
      {
        onWord: (word) => {
          if (typeof word === 'object' && word !== null && 'effects' in word)
            done[place] = Number(word.effects);
        },
      },
    ),
  );
  const all = (): number => done.reduce((sum, count) => sum + count, 0);
  await waitUntil('all processes to be done', () => all() >= load.jobs, PATIENCE_MS);
  for (const worker of workers) worker.tell('stop');
  return Promise.all(workers.map(({ result }) => result));
};

const rateOfProcesses = async (stage: Stage, processes: number, load: Load): Promise<number> => {
  const shape = simpleShape(stage.freshName('processes'), { partitions: PARTITIONS_FOR_PROCESSES });
  const { jobs, warm } = load;
  try {
    await prepareApp(stage, shape);
    await writeBacklog(stage, shape, [{ lane: 'all', from: 0, count: jobs, keys: KEYS }]);
    const results = await stage.watched(() => runTogether(stage, shape, load, processes));
    mustBeExact(mergedEffects(results, jobs), shape.ns);
    return rateBetween(mergeTimelines(results.map(({ timeline }) => timeline)), warm, jobs);
  } finally {
    await stage.clear(shape.ns);
  }
};

const rateOfPartitions = async (stage: Stage, partitions: number, load: Load): Promise<number> => {
  const shape = simpleShape(stage.freshName('partitions'), { partitions });
  const { jobs, seconds } = await runEsteira(stage, shape, load);
  return jobs / seconds;
};

const rateNote = (what: string, rate: number): Note => ({ what, value: measuredOf([rate]), unit: 'jobs/s' });

/** (f) How the rate grows with partitions and with worker processes (which share this machine's cores). */
export const scaling: Program = {
  name: 'scaling',
  what: 'jobs/s with 1 to 32 partitions and with 1 to 4 worker processes',
  run: async (stage) => {
    const { load } = await calibrate(stage, { ...esteira('Esteira'), concurrencies: [500] });
    const notes: Note[] = [];
    for (const partitions of stage.sizes.partitions) {
      notes.push(rateNote(`${partitions} partitions`, await rateOfPartitions(stage, partitions, load)));
    }
    for (const processes of stage.sizes.processes) {
      notes.push(rateNote(`${processes} worker processes`, await rateOfProcesses(stage, processes, load)));
    }
    return { figures: {}, notes };
  },
};
