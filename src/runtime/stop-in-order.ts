import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/ports/log.ts';

/** One step of a start or a stop, known by name in the log. */
export interface Step {
  readonly name: string;
  readonly boundMs: number;
  run(): Promise<void>;
}

/** How long a step may take, ms. */
export const STEP_BOUND_MS = 5_000;

/** A step that may take so long, and whose result nobody needs. */
export const step = (name: string, run: () => unknown, boundMs = STEP_BOUND_MS): Step => ({
  name,
  boundMs,
  run: async () => {
    await run();
  },
});

const bounded = (clock: Clock, step: Step): Promise<'done' | 'late'> =>
  new Promise((resolve, reject) => {
    const cancel = clock.after(step.boundMs, () => resolve('late'));
    step.run().then(
      () => {
        cancel();
        resolve('done');
      },
      (error: unknown) => {
        cancel();
        reject(error);
      },
    );
  });

/**
 * Runs every step, one after the other, each within its bound; a step that fails or is late is logged by name and does
 * not keep the others from their turn. Answers whether all were done in time.
 */
export const runSteps = async (clock: Clock, log: Log, steps: readonly Step[]): Promise<boolean> => {
  let clean = true;
  for (const step of steps) {
    const startedMs = clock.nowMs();
    try {
      const end = await bounded(clock, step);
      const facts = { step: step.name, took_ms: clock.nowMs() - startedMs };
      if (end === 'done') log.info('shutdown step done', facts);
      else log.error('shutdown step late: going on without it', { ...facts, bound_ms: step.boundMs });
      clean &&= end === 'done';
    } catch (error) {
      clean = false;
      log.error('shutdown step failed', {
        step: step.name,
        error: error instanceof Error ? error.message : String(error),
      });
    }
  }
  return clean;
};
