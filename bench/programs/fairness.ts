import { partitionForKey } from '../../src/core/murmur2.ts';
import { simpleShape } from '../contestants/app-shape.ts';
import type { StreamPlan } from '../contestants/streams.ts';
import { steadyStartMs } from '../harness/sizes.ts';
import type { Stage } from '../harness/stage.ts';
import type { Findings, Note, Program } from '../program.ts';
import { measuredOf, ratioOf } from '../statistics.ts';
import { millisecondsNote, runSteady, type SteadyResult, waitsOf } from './steady-run.ts';

const PARTITIONS = 6;
const CONCURRENCY = 50;
/** A handler that waits for something: without it a flood would be gone before anybody could wait. */
const WORK = { from: 5_000, to: 5_000 };
const FLOODING = 'flooding-tenant';
const OTHER_PER_SECOND = 100;
const SHARED_PER_SECOND = 20;
const QUIET_TENANTS = 10;

const partitionOf = (tenant: string): number => partitionForKey(Buffer.from(tenant), PARTITIONS);

/** Quiet tenants whose records go to the flooded partition, or to the others. */
const quietTenants = (inFlooded: boolean): string[] =>
  Array.from({ length: 1_000 }, (_, number) => `quiet-tenant-${number}`)
    .filter((tenant) => (partitionOf(tenant) === partitionOf(FLOODING)) === inFlooded)
    .slice(0, QUIET_TENANTS);

const quietStreams = (stage: Stage, from: number): readonly StreamPlan[] => {
  const { warmSeconds, steadySeconds } = stage.sizes;
  const others = { keys: quietTenants(false), perSecond: OTHER_PER_SECOND, workMicros: WORK };
  const shared = { keys: quietTenants(true), perSecond: SHARED_PER_SECOND, workMicros: WORK };
  const warm = warmSeconds * OTHER_PER_SECOND;
  const steady = steadySeconds * OTHER_PER_SECOND;
  const startAfterMs = steadyStartMs(stage.sizes);
  return [
    { ...others, lane: 'warm', from, count: warm },
    { ...others, lane: 'other', from: from + warm, count: steady, startAfterMs },
    {
      ...{ ...shared, lane: 'shared', from: from + warm + steady, startAfterMs },
      count: steadySeconds * SHARED_PER_SECOND,
    },
  ];
};

/** Quiet tenants beside a flood; in the run that counts as alone the flood goes where nobody reads it. */
const measure = (stage: Stage, intoWorker: boolean): Promise<SteadyResult> => {
  const { flood: count } = stage.sizes;
  const stream = {
    ...{ lane: 'flood', from: 0, count, keys: [FLOODING], workMicros: WORK },
    startAfterMs: steadyStartMs(stage.sizes),
  };
  return runSteady(stage, {
    shape: simpleShape(stage.freshName('fairness'), { partitions: PARTITIONS }),
    concurrency: CONCURRENCY,
    streams: quietStreams(stage, intoWorker ? count : 0),
    flood: { tenant: FLOODING, stream, intoWorker },
  });
};

const MEASURABLE = 100;

/** Flood / measured rate of moving aside + 1 s; nothing where the engine moved nothing to speak of. */
const boundOf = ({ setAside }: SteadyResult, flood: number): readonly number[] => {
  const seconds = (setAside.lastMs - setAside.firstMs) / 1_000;
  if (setAside.count < MEASURABLE || seconds <= 0) return [];
  return [flood / (setAside.count / seconds) + 1];
};

const notesOf = (calm: readonly SteadyResult[], loud: readonly SteadyResult[]): readonly Note[] => {
  const p99 = (what: string, runs: readonly SteadyResult[], lane: string): Note =>
    millisecondsNote(
      what,
      runs.map((run) => waitsOf(run, lane).p99Ms),
    );
  const moved = measuredOf(loud.map(({ setAside }) => setAside.count));
  return [
    p99('other partitions, alone, p99', calm, 'other'),
    p99('other partitions, flood, p99', loud, 'other'),
    p99('the flooded partition, alone, p99', calm, 'shared'),
    p99('the flooded partition, flood, p99', loud, 'shared'),
    { what: 'jobs of the flooding tenant that were moved aside', value: moved, unit: 'jobs' },
  ];
};

const findingsOf = (stage: Stage, calm: readonly SteadyResult[], loud: readonly SteadyResult[]): Findings => {
  const p99 = (runs: readonly SteadyResult[], lane: string): readonly number[] =>
    runs.map((run) => waitsOf(run, lane).p99Ms);
  const bounds = loud.flatMap((run) => boundOf(run, stage.sizes.flood));
  return {
    figures: {
      fairnessOtherRatio: ratioOf(p99(loud, 'other'), p99(calm, 'other')),
      fairnessSharedSeconds: measuredOf(p99(loud, 'shared').map((ms) => ms / 1_000)),
      ...(bounds.length === loud.length ? { fairnessSharedBoundSeconds: measuredOf(bounds) } : {}),
    },
    notes: notesOf(calm, loud),
  };
};

/** (c) What quiet tenants wait while one floods, against a run in which the flood is not theirs. */
export const fairness: Program = {
  name: 'fairness',
  what: 'waits of quiet tenants, in other partitions and in the flooded one, while one tenant floods',
  run: async (stage) => {
    const calm: SteadyResult[] = [];
    const loud: SteadyResult[] = [];
    for (let round = 0; round < stage.rounds; round += 1) {
      calm.push(await measure(stage, false));
      loud.push(await measure(stage, true));
    }
    return findingsOf(stage, calm, loud);
  },
};
