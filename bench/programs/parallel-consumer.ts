import { simpleShape } from '../contestants/app-shape.ts';
import { prepareApp, startWorker, writeBacklog } from '../harness/app-run.ts';
import { mustBeExact } from '../harness/check-effects.ts';
import type { Stage } from '../harness/stage.ts';
import type { Note, Program } from '../program.ts';
import { measuredOf } from '../statistics.ts';

const KEYS = [1, 10, 100, 10_000];
const CONCURRENCY = 100;
/** 0 to 5 ms, spread evenly. */
const WORK = { from: 0, to: 5_000 };
/** What the README of the Parallel Consumer reports for 10,000 records, s; its machine was another. */
const REPORTED: Readonly<Record<number, number>> = { 1: 26.7, 10: 3.3, 100: 2.2 };

const measure = async (stage: Stage, keys: number): Promise<number> => {
  const shape = simpleShape(stage.freshName('parallel'), { order: 'key', partitions: 1 });
  const count = stage.sizes.parallelRecords;
  try {
    await prepareApp(stage, shape);
    await writeBacklog(stage, shape, [{ lane: 'all', from: 0, count, keys, workMicros: WORK }]);
    const plan = { shape, concurrency: CONCURRENCY, capacity: count, expected: count };
    const result = await stage.watched(() => startWorker(stage, plan).result);
    mustBeExact(result.effects, shape.ns);
    return ((result.timeline.at(-1)?.[0] ?? 0) - result.firstStartMs) / 1_000;
  } finally {
    await stage.clear(shape.ns);
  }
};

const noteOf = async (stage: Stage, keys: number): Promise<Note> => {
  const reported = REPORTED[keys];
  const beside = reported === undefined ? '' : ` (its README, for 10,000 records: ${reported} s)`;
  const what = `${stage.sizes.parallelRecords} records, ${keys} keys${beside}`;
  return { what, value: measuredOf([await measure(stage, keys)]), unit: 's' };
};

/** (g) The set-up of Confluent's Parallel Consumer: one partition, many keys, handlers that wait. */
export const parallelConsumer: Program = {
  name: 'parallel-consumer',
  what: '0 to 5 ms of work, one partition, concurrency 100, order by key, 1 to 10,000 keys',
  run: async (stage) => {
    const notes: Note[] = [];
    for (const keys of KEYS) notes.push(await noteOf(stage, keys));
    return { figures: {}, notes };
  },
};
