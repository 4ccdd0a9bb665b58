import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { MetricFamilies } from './metric-families.ts';

/** How often the loop is looked at, ms. */
const RESOLUTION_MS = 10;
/** What was seen before is forgotten at a reading, but not sooner than this: several may read, ms. */
const WINDOW_MS = 10_000;
const NS_PER_S = 1e9;

const FIGURES = ['min', 'max', 'mean', 'p50', 'p90', 'p99'] as const;
type Figure = (typeof FIGURES)[number];

type Delays = ReturnType<typeof monitorEventLoopDelay>;

const figureOf = (delays: Delays, figure: Figure): number =>
  figure === 'min' || figure === 'max' || figure === 'mean'
    ? delays[figure]
    : delays.percentile(Number(figure.slice(1)));

/**
 * How long the event loop is held up, by the conventions of OpenTelemetry for Node.js, since the reading before the last
 * ten seconds. The time between two looks, 10 ms, is part of each figure. The returned function ends the watch.
 */
export const watchEventLoop = (families: MetricFamilies): (() => void) => {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  let sinceMs = performance.now();
  const read = families.shared(() => {
    const seen = new Map<string, number>();
    if (delays.count === 0) return seen;
    for (const figure of FIGURES) seen.set(figure, figureOf(delays, figure) / NS_PER_S);
    if (performance.now() - sinceMs >= WINDOW_MS) {
      delays.reset();
      sinceMs = performance.now();
    }
    return seen;
  });
  for (const figure of FIGURES) {
    const name = `nodejs_eventloop_delay_${figure}_seconds`;
    families.pullCounts('gauge', { name, description: `Delay of the event loop, ${figure}.` }, () => {
      const value = read().get(figure);
      return value === undefined ? [] : [{ labels: {}, value }];
    });
  }
  return () => delays.disable();
};
