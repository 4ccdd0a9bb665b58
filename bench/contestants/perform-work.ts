import type { JobContext } from '../../src/index.ts';
import type { WorkAsked } from '../generated/work-asked.ts';

const inTime = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

const failing = ({ failAttempts, failUntilMs }: WorkAsked, attempt: number): boolean =>
  attempt <= failAttempts || (failUntilMs > 0 && Date.now() < failUntilMs);

/** Does what the work asks for, then calls `effect`; a no-op makes no promise. */
export const performWork = (work: WorkAsked, { attempt }: JobContext, effect: () => void): unknown => {
  if (failing(work, attempt)) throw new Error(`made to fail at attempt ${attempt}`);
  if (work.workMicros > 0) return inTime(work.workMicros / 1_000).then(effect);
  effect();
  return undefined;
};
