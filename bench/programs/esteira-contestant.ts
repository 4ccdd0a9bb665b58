import { type AppShape, simpleShape } from '../contestants/app-shape.ts';
import type { MeasuredWindow } from '../contestants/stopwatch.ts';
import { countTold, prepareApp, startWorker, writeBacklog } from '../harness/app-run.ts';
import { BenchFailure, mustBeExact } from '../harness/check-effects.ts';
import type { Stage } from '../harness/stage.ts';
import { type Contestant, KEYS, type Load } from './contestant.ts';

interface EsteiraOptions {
  readonly telemetry?: boolean;
  /** Default: one job type, no order. */
  readonly shape?: (ns: string) => AppShape;
}

const CONCURRENCIES = [100, 500, 1_000];

/** Each job must have been told twice: started and completed. */
const mustBeTold = async (stage: Stage, shape: AppShape, jobs: number): Promise<void> => {
  const told = await countTold(stage, shape);
  if (told < 2 * jobs) throw new BenchFailure(`${shape.ns}: ${told} telemetry records for ${jobs} jobs`);
};

/** Runs a backlog through one Esteira process. */
export const runEsteira = async (
  stage: Stage,
  shape: AppShape,
  load: Load,
  telemetry = true,
): Promise<MeasuredWindow> => {
  try {
    await prepareApp(stage, shape);
    const { jobs, warm, concurrency, failPercent } = load;
    await writeBacklog(stage, shape, [{ lane: 'all', from: 0, count: jobs, keys: KEYS, failPercent }]);
    const plan = { shape, concurrency, capacity: jobs, expected: jobs, warm, telemetry };
    const { effects, window } = await stage.watched(() => startWorker(stage, plan).result);
    mustBeExact(effects, shape.ns);
    if (window === undefined) throw new BenchFailure(`${shape.ns}: nothing was measured`);
    if (telemetry) await mustBeTold(stage, shape, jobs);
    return window;
  } finally {
    await stage.clear(shape.ns);
  }
};

/** Esteira with all guarantees; telemetry on unless said otherwise. */
export const esteira = (name: string, options: EsteiraOptions = {}): Contestant => ({
  name,
  concurrencies: CONCURRENCIES,
  run: (stage, load) => {
    const ns = stage.freshName('esteira');
    return runEsteira(stage, (options.shape ?? simpleShape)(ns), load, options.telemetry);
  },
});

/** The same, telling nothing on the telemetry topic. */
export const esteiraWithoutTelemetry = (): Contestant =>
  esteira('Esteira, no telemetry, order none', { telemetry: false });
