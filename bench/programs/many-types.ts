import { type AppShape, jobShape, simpleShape } from '../contestants/app-shape.ts';
import type { Program } from '../program.ts';
import { ratioOf } from '../statistics.ts';
import { esteira } from './esteira-contestant.ts';
import { calibrate, interleave, notesOf } from './interleaved.ts';

const TYPES = 24;
/** Few: 24 topics of events, inboxes and dead letters are many partitions for one broker. */
const PARTITIONS = 2;

/** 24 job types, each with an event of its own, on topics of their own or on one. */
export const manyTypesShape = (ns: string, shared: boolean): AppShape => {
  const topics = shared ? [`${ns}.events`] : [];
  const jobs = Array.from({ length: TYPES }, (_, number) => jobShape(ns, number, topics[0]));
  return simpleShape(ns, { jobs, partitions: PARTITIONS });
};

const one = esteira('1 job type', { shape: (ns) => simpleShape(ns, { partitions: PARTITIONS }) });
const own = esteira('24 job types, own topics', { shape: (ns) => manyTypesShape(ns, false) });
const shared = esteira('24 job types, one topic (each reads all)', {
  shape: (ns) => manyTypesShape(ns, true),
});

/** (f) What many job types in one process cost: the same jobs, spread over 24 types. */
export const manyTypes: Program = {
  name: 'many-types',
  what: 'jobs/s with 24 job types, on own topics and on one, against one',
  run: async (stage) => {
    const { load } = await calibrate(stage, { ...one, concurrencies: [500] });
    const alike = [one, own].map((contestant) => ({ contestant, load }));
    const [single, many, ...none] = await interleave(stage, alike, stage.rounds);
    const [crowded] = await interleave(stage, [{ contestant: shared, load }], 1);
    if (single === undefined || many === undefined || crowded === undefined) throw new Error('no runs');
    return {
      figures: { manyTypesRatio: ratioOf(many.rates, single.rates) },
      notes: [single, many, crowded, ...none].flatMap(notesOf),
    };
  },
};
