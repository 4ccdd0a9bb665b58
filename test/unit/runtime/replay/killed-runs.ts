import { isEsteiraError } from '../../../../src/core/errors.ts';
import { type ReplayParts, readPlanFile, runReplay } from '../../../../src/runtime/replay/index.ts';
import { type Crash, dyingParts } from './crashing.ts';

/** A runner's claim ends with it, after so long, ms. */
const LEASE_MS = 15_000;

/** A crash that never comes. */
export const WHOLE: Crash = { effect: 1_000_000, when: 'before' };

/** A plan, and who runs it; `moveOn` moves their clock. */
export interface Planned {
  readonly parts: ReplayParts;
  readonly planId: string;
  moveOn(ms: number): void;
}

/** Runs a plan, or goes on with it, as an operator does who looks at its state first. */
export const runPlanned = async (parts: ReplayParts, planId: string): Promise<void> => {
  const resume = (await readPlanFile(parts.control, planId)).run !== undefined;
  await runReplay(parts, { planId, reason: 'mended', resume, options: { rate: 0, canary: 0 } });
};

/** Runs a plan until its runner dies; true when it ended before. Its claim is over afterwards. */
export const runToDeath = async ({ parts, planId, moveOn }: Planned, crash: Crash): Promise<boolean> => {
  const mortal = dyingParts(parts, crash);
  const ended = await Promise.race([
    mortal.died.then(() => false),
    runPlanned(mortal.parts, planId).then(
      () => true,
      (error: unknown) => {
        if (isEsteiraError(error, 'ESTEIRA_REPLAY_REFUSED')) return true;
        throw error;
      },
    ),
  ]);
  moveOn(LEASE_MS + 1);
  return ended;
};

/** How many effects a run that nobody kills has on the world. */
export const effectsOf = async ({ parts, planId }: Planned): Promise<number> => {
  const whole = dyingParts(parts, WHOLE);
  await runPlanned(whole.parts, planId);
  return whole.effects();
};
