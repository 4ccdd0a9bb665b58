import { type Duration, durationMs } from './duration.ts';
import { EsteiraError } from './errors.ts';
import { positive } from './positive.ts';

/** How often jobs may start. */
export interface StartRateOptions {
  /** Most starts in any stretch of `per`; a whole number from 1. */
  readonly count: number;
  readonly per: Duration;
  /**
   * How many of them may come at once; default a tenth of `count`, at least 1. The rest are spread evenly over `per`,
   * so a larger burst lowers the pace behind it: `count - burst + 1` in each `per`.
   */
  readonly burst?: number;
}

/** A rate worked out. */
export interface StartRate {
  readonly count: number;
  readonly perMs: number;
  readonly burst: number;
}

/** What is remembered of a rate between two questions. */
export interface RateState {
  /** Starts that may be had at `atMs`, with fractions. */
  readonly tokens: number;
  readonly atMs: number;
}

/** @throws EsteiraError ESTEIRA_DEFINITION_INVALID naming `where`. */
export const resolveStartRate = (options: StartRateOptions, where: string): StartRate => {
  const count = positive(options.count, `${where}.count`);
  const perMs = durationMs(options.per, `${where}.per`);
  const burst = positive(options.burst ?? Math.max(1, Math.floor(count / 10)), `${where}.burst`);
  if (perMs === 0) throw invalid(`${where}.per is 0: give a time that lasts`);
  if (burst > count) throw invalid(`${where}.burst is ${burst}, above its count of ${count}`);
  return { count, perMs, burst };
};

const invalid = (message: string): EsteiraError => new EsteiraError('ESTEIRA_DEFINITION_INVALID', message);

/** Milliseconds from one start to the next when nobody saves up for a burst. */
export const paceMs = ({ count, perMs, burst }: StartRate): number => perMs / (count - burst + 1);

/** How long a rate must be remembered, ms: after that its whole burst is there again. */
export const rateMemoryMs = (rate: StartRate): number => Math.ceil(paceMs(rate) * rate.burst) + 1_000;

/** Fractions add up: a start short of a whole one by less than this is a whole one. */
export const ROUNDING = 1e-6;

/**
 * Takes up to `wanted` starts at `nowMs`; at first (`state` undefined) a whole burst is there. Never more than `count`
 * are given in any stretch of `perMs`. A clock that steps back gives nothing and takes nothing.
 */
export const takeStarts = (
  rate: StartRate,
  state: RateState | undefined,
  wanted: number,
  nowMs: number,
): { readonly granted: number; readonly state: RateState; readonly waitMs: number } => {
  const pace = paceMs(rate);
  const before = state ?? { tokens: rate.burst, atMs: nowMs };
  const tokens = Math.min(rate.burst, before.tokens + Math.max(0, nowMs - before.atMs) / pace);
  const granted = Math.max(0, Math.min(wanted, Math.floor(tokens + ROUNDING)));
  const left = tokens - granted;
  const waitMs = granted === wanted ? 0 : Math.max(1, Math.ceil((1 - left - ROUNDING / 2) * pace));
  return { granted, state: { tokens: left, atMs: nowMs }, waitMs };
};
