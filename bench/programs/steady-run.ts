import { type AppShape, simpleShape } from '../contestants/app-shape.ts';
import type { StreamPlan } from '../contestants/streams.ts';
import type { WorkerResult } from '../contestants/worker-input.ts';
import { prepareApp, startPublisher, startWorker, writeBacklog } from '../harness/app-run.ts';
import { mustBeExact } from '../harness/check-effects.ts';
import type { Stage } from '../harness/stage.ts';
import type { Note } from '../program.ts';
import { measuredOf, summarizeWaits, type WaitSummary } from '../statistics.ts';

/** A worker under streams of work. */
export interface SteadyRun {
  readonly shape: AppShape;
  readonly concurrency: number;
  /** Published while the worker runs. */
  readonly streams: readonly StreamPlan[];
  /** Written as fast as it goes, by another process, while the streams run. */
  readonly flood?: Flood;
}

/** A flood of one tenant. */
export interface Flood {
  readonly tenant: string;
  readonly stream: StreamPlan;
  /** False: it goes to topics that nobody reads. The machine has the same trouble with it, the worker none. */
  readonly intoWorker: boolean;
}

/** What a steady run found. */
export interface SteadyResult extends WorkerResult {
  /** How late the publisher itself was: what is waited for that long is not the worker's fault. */
  readonly publisherLateP99Ms: number;
}

const publishUnderWorker = async (
  stage: Stage,
  run: SteadyRun,
  elsewhere: AppShape,
): Promise<SteadyResult> => {
  const { shape, concurrency, streams, flood } = run;
  const flooding = flood?.intoWorker === true ? [flood.stream] : [];
  const work = [...flooding, ...streams].reduce((sum, { count }) => sum + count, 0);
  const worker = startWorker(stage, {
    ...{ shape, concurrency, capacity: work, waits: true },
    ...(flood === undefined ? {} : { floodingTenant: flood.tenant }),
  });
  await worker.ready;
  const publisher = startPublisher(stage, shape, streams).result;
  const target = flood?.intoWorker === true ? shape : elsewhere;
  const written = flood === undefined ? undefined : writeBacklog(stage, target, [flood.stream]);
  const [{ lateP99Ms }] = await Promise.all([publisher, written]);
  worker.tell({ expect: work });
  return { ...(await worker.result), publisherLateP99Ms: lateP99Ms };
};

/** Runs it on fresh topics; done when all work has taken effect. @throws BenchFailure when some did not, exactly once. */
export const runSteady = async (stage: Stage, run: SteadyRun): Promise<SteadyResult> => {
  const { shape, flood } = run;
  const elsewhere = simpleShape(stage.freshName('elsewhere'), { partitions: shape.partitions });
  const needsElsewhere = flood !== undefined && !flood.intoWorker;
  try {
    await prepareApp(stage, shape);
    if (needsElsewhere) await prepareApp(stage, elsewhere);
    const result = await stage.watched(() => publishUnderWorker(stage, run, elsewhere));
    mustBeExact(result.effects, shape.ns);
    return result;
  } finally {
    await stage.clear(shape.ns);
    if (needsElsewhere) await stage.clear(elsewhere.ns);
  }
};

/** The waits of a lane. @throws Error when it is empty. */
export const waitsOf = ({ waitsMs }: Pick<WorkerResult, 'waitsMs'>, lane: string): WaitSummary => {
  const waits = summarizeWaits(waitsMs[lane] ?? []);
  if (waits === undefined) throw new Error(`nothing waited in lane ${lane}`);
  return waits;
};

/** The row of a value in ms, run by run. */
export const millisecondsNote = (what: string, values: readonly number[]): Note => ({
  what,
  value: measuredOf(values),
  unit: 'ms',
});
