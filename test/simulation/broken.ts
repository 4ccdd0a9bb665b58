import { playHistory } from './history.ts';
import type { PlanOptions } from './plan.ts';

/** A history that broke a promise. */
export interface Broken {
  readonly seed: number;
  readonly violations: readonly string[];
  /** How to see it again, what was broken, the settings, and each step with its virtual time. */
  readonly story: string;
}

/** Plays the histories of a range of seeds, and stops at the first that breaks a promise. */
export const firstBroken = (from: number, to: number, options: PlanOptions): Broken | undefined => {
  for (let seed = from; seed <= to; seed += 1) {
    if (playHistory(seed, options).violations.length > 0) return brokenBy(seed, options);
  }
  return undefined;
};

/** Plays one history again and tells it. */
const brokenBy = (seed: number, options: PlanOptions): Broken => {
  const { violations, world, plan } = playHistory(seed, options, true);
  const { random: _, arrivals: __, without, ...settings } = plan;
  const how = `${options.losses ? ' ORDER_LOSSES=1' : ''}${options.lateTimers ? ' ORDER_LATE=1' : ''}${options.replays ? ' ORDER_REPLAYS=1' : ''}`;
  const story = [
    `ORDER_SEED=${seed}${how}: ${violations.join('; ')}`,
    JSON.stringify({ ...settings, without: [...without] }),
    ...world.trace,
  ].join('\n');
  return { seed, violations, story };
};

/** Fails with the whole story when a history of the range breaks a promise. */
export const expectUnbroken = (from: number, to: number, options: PlanOptions): void => {
  const broken = firstBroken(from, to, options);
  if (broken !== undefined) throw new Error(broken.story);
};

/** The one history that a person asks for: `ORDER_SEED=12`, and `ORDER_LOSSES=1` or `ORDER_LATE=1` if it has them. */
export const askedSeed = (): (PlanOptions & { readonly seed: number }) | undefined => {
  const seed = process.env['ORDER_SEED'];
  if (seed === undefined) return undefined;
  const { env } = process;
  return {
    seed: Number(seed),
    losses: env['ORDER_LOSSES'] === '1',
    lateTimers: env['ORDER_LATE'] === '1',
    replays: env['ORDER_REPLAYS'] === '1',
  };
};
