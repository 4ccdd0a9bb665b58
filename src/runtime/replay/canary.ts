import type { RunOptionsValue } from './control-values.ts';
import { JobOutcomes } from './job-outcomes.ts';
import type { ReplayLock } from './replay-lock.ts';
import type { ReplayParts } from './replay-parts.ts';

/** What the first records of a run came to. */
export interface CanaryVerdict {
  readonly passed: boolean;
  /** One sentence, with the numbers. */
  readonly says: string;
}

export interface CanaryRequest {
  readonly planId: string;
  readonly telemetryFrom: readonly (readonly [number, string])[];
  readonly options: RunOptionsValue;
  /** How many were replayed. */
  readonly replayed: number;
  readonly lock: ReplayLock;
  /** Whether an operator, or the process, wants to end the wait. */
  readonly isUnwanted: () => Promise<boolean>;
}

const LOOK_EVERY_MS = 500;

const percent = (ratio: number): string => `${Math.round(ratio * 1_000) / 10} %`;

/**
 * Waits for what becomes of the first records. A failed attempt counts as a failure, even if the job will be tried
 * again; what nobody heard of in time counts neither way, and stops the run. Undefined when the wait was ended.
 *
 * @throws EsteiraError ESTEIRA_BROKER_UNAVAILABLE, ESTEIRA_REGISTRY_UNAVAILABLE
 */
export const judgeCanary = async (
  parts: ReplayParts,
  request: CanaryRequest,
): Promise<CanaryVerdict | undefined> => {
  const { planId, telemetryFrom, options, replayed, lock, isUnwanted } = request;
  const { failureRatio, canaryWaitMs } = options;
  const { clock } = parts;
  const outcomes = new JobOutcomes(parts.app, parts.backend, planId, telemetryFrom);
  const untilMs = clock.nowMs() + canaryWaitMs;
  const mostFailures = failureRatio * replayed;
  for (;;) {
    // Skips told by the run itself are of records that were not replayed.
    const told = [...(await outcomes.look()).values()].filter((outcome) => outcome !== 'skipped');
    const failed = told.filter((outcome) => outcome === 'dead' || outcome === 'failing').length;
    const bound = `the bound is ${percent(failureRatio)}`;
    if (failed > mostFailures)
      return { passed: false, says: `canary: ${failed} of the first ${replayed} failed, ${bound}` };
    const unheard = replayed - told.length;
    if (unheard <= 0)
      return { passed: true, says: `canary: ${failed} of the first ${replayed} failed, ${bound}` };
    if (clock.nowMs() >= untilMs)
      return {
        passed: false,
        says: `canary: nothing was heard of ${unheard} of the first ${replayed} within ${Math.round(canaryWaitMs / 1_000)} s: do their workers run?`,
      };
    if (!lock.holds() || (await isUnwanted())) return undefined;
    await new Promise<void>((resolve) => clock.after(LOOK_EVERY_MS, resolve));
  }
};
