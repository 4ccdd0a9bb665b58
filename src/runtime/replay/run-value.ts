import type { Signature } from '../control/signature.ts';
import type { RunOptionsValue, RunValue } from './control-values.ts';
import { telemetryEnds } from './job-outcomes.ts';
import type { PlanFile } from './plan-file.ts';
import type { ReplayParts } from './replay-parts.ts';

/** 100 records a second; of plans above 40 records the first 20 are a canary that may have 10 % failures within 2 min. */
export const DEFAULT_RUN_OPTIONS: RunOptionsValue = {
  rate: 100,
  canary: 20,
  failureRatio: 0.1,
  canaryWaitMs: 120_000,
  undecodable: false,
};

/** A canary that is most of the plan saves nothing. */
const CANARIES_PER_PLAN = 2;

/** A canary that an operator lets go on after its stop is overruled, which the audit of the resume says. */
const resumed = (before: RunValue): Pick<RunValue, 'canary'> => ({
  canary: before.canary === 'stopped' ? 'overruled' : before.canary,
});

/** What a run says of itself when it begins, or goes on: then its options and where telemetry ended are kept. */
export const firstValue = async (
  parts: ReplayParts,
  { plan, run }: PlanFile,
  signature: Signature,
  runner: string,
  options: Partial<RunOptionsValue> = {},
): Promise<RunValue> => {
  const given = { ...DEFAULT_RUN_OPTIONS, ...options };
  const isWorthIt = given.canary > 0 && plan.total > given.canary * CANARIES_PER_PLAN;
  const fresh = {
    options: { ...given, canary: isWorthIt ? given.canary : 0 },
    canary: isWorthIt ? ('waiting' as const) : ('none' as const),
    startedAtMs: signature.atMs,
    telemetryFrom: run?.telemetryFrom ?? (await telemetryEnds(parts.app, parts.backend)),
  };
  const kept = run === undefined ? fresh : { ...run, ...resumed(run) };
  const { why: _, ...known } = { why: undefined, ...kept };
  return {
    ...known,
    ...signature,
    ...{ kind: 'replay.run', state: 'running', runner, host: parts.service.host },
  };
};
