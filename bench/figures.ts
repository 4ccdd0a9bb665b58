import type { Measured } from './statistics.ts';

/** What is measured, by the name it has in the JSON. */
export type Measurements = Partial<Record<FigureName, Measured>>;

type Limit = number | ((found: Measurements) => number | undefined);

interface FigureShape {
  readonly what: string;
  readonly unit: '' | 'ms' | 's' | '%';
  readonly better: 'higher' | 'lower';
  /** What must hold; a function where it depends on another figure; absent for what only explains. */
  readonly floor?: Limit;
  readonly aim?: Limit;
}

const lease =
  (moreSeconds: number): Limit =>
  ({ leaseSeconds }) =>
    leaseSeconds === undefined ? undefined : leaseSeconds.value + moreSeconds;

const bound =
  (share: number): Limit =>
  ({ fairnessSharedBoundSeconds }) =>
    fairnessSharedBoundSeconds === undefined ? undefined : fairnessSharedBoundSeconds.value * share;

const higher = (what: string, floor: number, aim: number): FigureShape => ({
  ...{ what, unit: '', better: 'higher', floor, aim },
});

const lower = (what: string, unit: FigureShape['unit'], floor?: Limit, aim?: Limit): FigureShape => ({
  ...{ what, unit, better: 'lower' },
  ...(floor === undefined ? {} : { floor }),
  ...(aim === undefined ? {} : { aim }),
});

/** Every figure: what it says, the floor that must hold, and what is aimed at. */
export const FIGURES = {
  throughputVsBullmq: higher('jobs/s, all guarantees and telemetry on / BullMQ on the same work', 4, 10),
  throughputVsBullmqBare: higher('the same / bare BullMQ no-op at its best concurrency', 2.3, 4),
  throughputVsRaw: higher('the same / raw kafkajs eachBatch no-op', 0.18, 0.4),
  throughputNoTelemetryVsRaw: higher('without telemetry / raw kafkajs eachBatch no-op', 0.35, 0.6),
  telemetryCostRatio: higher('jobs/s with telemetry on / off', 0.5, 0.75),
  orderedRatio: higher('with order on / with order off, 10,000 keys', 0.7, 0.9),
  latencyP50Ms: lower('publish to start at 1,000/s, p50', 'ms', 8, 4),
  latencyP99Ms: lower('publish to start at 1,000/s, p99', 'ms', 25, 12),
  fairnessOtherRatio: lower('p99 wait of quiet tenants in other partitions, flood / alone', '', 2, 1.3),
  fairnessSharedSeconds: lower(
    'p99 wait of quiet tenants in the flooded partition',
    's',
    bound(1),
    bound(0.5),
  ),
  fairnessSharedBoundSeconds: lower('its bound: flood / rate of moving aside + 1 s', 's'),
  keyIsolationRatio: lower('p99 wait of other keys while one key fails / without it', '', 1.5, 1.2),
  latenessP99Ms: lower('lateness of a due retry, p99 of the worst tier', 'ms', 500, 250),
  earlyCount: lower('retries that started before they were due', '', 0, 0),
  memoryRatio: lower('heap + external after collection, long backlog / a tenth of it', '', 1.3, 1.15),
  recoverySeconds: lower(
    'SIGKILL of one of two workers to its records running again',
    's',
    lease(10),
    lease(6),
  ),
  leaseSeconds: lower('the lease (and session time-out) of that run', 's'),
  idleCpuPercent: lower('CPU of an idle worker with 24 job types and its relays', '%', 6, 3),
  manyTypesRatio: higher('jobs/s with 24 job types on own topics / with one', 0.7, 0.9),
} as const satisfies Readonly<Record<string, FigureShape>>;

export type FigureName = keyof typeof FIGURES;

const isFigureName = (name: string): name is FigureName => Object.hasOwn(FIGURES, name);

/** The names of all figures, in the order they are shown. */
export const FIGURE_NAMES: readonly FigureName[] = Object.keys(FIGURES).filter(isFigureName);

/** How a figure stands to its limits; `-` where it has none, or where they are not known. */
export type Verdict = 'aim' | 'floor' | 'below' | '-';

/** Floor and aim of a figure, worked out with what else was found. */
export const limitsOf = (
  name: FigureName,
  found: Measurements,
): { readonly floor: number | undefined; readonly aim: number | undefined } => {
  const { floor, aim }: FigureShape = FIGURES[name];
  const value = (limit: Limit | undefined): number | undefined =>
    typeof limit === 'function' ? limit(found) : limit;
  return { floor: value(floor), aim: value(aim) };
};

/** Judges a figure by its limits. */
export const judge = (name: FigureName, found: Measurements): Verdict => {
  const { floor, aim } = limitsOf(name, found);
  const measured = found[name];
  if (measured === undefined || floor === undefined || aim === undefined) return '-';
  const holds = (limit: number): boolean =>
    FIGURES[name].better === 'higher' ? measured.value >= limit : measured.value <= limit;
  if (holds(aim)) return 'aim';
  return holds(floor) ? 'floor' : 'below';
};
