import type { BatchValue, RunOptionsValue } from './control-values.ts';
import { JobOutcomes } from './job-outcomes.ts';
import { isWritten, unpackResults } from './ledger-results.ts';
import type { PlanFile } from './plan-file.ts';
import { jobOfRecord, recordsOf } from './plan-records.ts';
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
  /** The jobs of the records that were written. */
  readonly jobs: ReadonlySet<string>;
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
  const { planId, telemetryFrom, options, jobs, lock, isUnwanted } = request;
  const { failureRatio, canaryWaitMs } = options;
  const { clock } = parts;
  const outcomes = new JobOutcomes(parts.app, parts.backend, planId, telemetryFrom);
  const untilMs = clock.nowMs() + canaryWaitMs;
  const mostFailures = failureRatio * jobs.size;
  const first = `the first ${jobs.size}`;
  for (;;) {
    const told = await outcomes.look();
    const heard = [...jobs].flatMap((job) => told.get(job) ?? []);
    const failed = heard.filter((outcome) => outcome === 'dead' || outcome === 'failing').length;
    const bound = `the bound is ${percent(failureRatio)}`;
    if (failed > mostFailures)
      return { passed: false, says: `canary: ${failed} of ${first} failed, ${bound}` };
    const unheard = jobs.size - heard.length;
    if (unheard <= 0) return { passed: true, says: `canary: ${failed} of ${first} failed, ${bound}` };
    if (clock.nowMs() >= untilMs)
      return {
        passed: false,
        says: `canary: nothing was heard of ${unheard} of ${first} within ${Math.round(canaryWaitMs / 1_000)} s: do their workers run?`,
      };
    if (!lock.holds() || (await isUnwanted())) return undefined;
    await new Promise<void>((resolve) => clock.after(LOOK_EVERY_MS, resolve));
  }
};

/** The jobs of the records that a run has written so far: of a repeated event it is one job. */
export const jobsWritten = async (
  parts: Pick<ReplayParts, 'app' | 'backend'>,
  file: PlanFile,
  batches: readonly BatchValue[],
): Promise<ReadonlySet<string>> => {
  const jobs = new Set<string>();
  for (const batch of batches) {
    const results = unpackResults(batch);
    await recordsOf(parts, file, batch, async ({ positions, records, from }) => {
      const written = new Set<bigint>();
      for (const [index, { offset }] of positions.entries())
        if (isWritten(results[from - batch.from + index]?.outcome ?? 'unknown')) written.add(offset);
      for (const record of records) {
        const { jobId } = jobOfRecord(parts.app, file, batch.chunk, record);
        if (written.has(record.offset) && jobId !== null) jobs.add(jobId);
      }
    });
  }
  return jobs;
};
