import type { RunOptionsValue } from './control-values.ts';
import { type JobOutcome, JobOutcomes } from './job-outcomes.ts';
import { countResults, type LedgerCounts } from './ledger-results.ts';
import { allPlanFiles, type PlanFile, readPlanFile } from './plan-file.ts';
import { type LockHolder, lockHolder, lockTopics } from './replay-lock.ts';
import type { ReplayParts } from './replay-parts.ts';
import { needsApproval } from './run-guards.ts';

/** `interrupted`: its process ended without saying so; it can be resumed. */
export type ReplayState =
  | 'waits_for_approval'
  | 'planned'
  | 'running'
  | 'interrupted'
  | 'paused'
  | 'stopped'
  | 'cancelled'
  | 'finished';

/** Where a plan stands. Times are ISO 8601. */
export interface ReplayStatus {
  readonly planId: string;
  /** Whether its records are dead letters, or those of a window of an event topic. */
  readonly of: 'letters' | 'window';
  readonly state: ReplayState;
  /** Why it does not go on. */
  readonly why: string | null;
  readonly selection: string;
  readonly topics: readonly string[];
  readonly madeBy: string;
  readonly madeAt: string;
  readonly approvedBy: string | null;
  readonly runBy: string | null;
  readonly startedAt: string | null;
  readonly options: RunOptionsValue | null;
  readonly canary: string | null;
  readonly holder: LockHolder | null;
  readonly total: number;
  /** Positions that the ledger answers for. */
  readonly settled: number;
  readonly counts: LedgerCounts;
}

type Readers = Pick<ReplayParts, 'app' | 'control' | 'clock'>;

const stateOf = (file: PlanFile, holder: LockHolder | undefined, nowMs: number): ReplayState => {
  const { run, wish, approval } = file;
  if (run?.state === 'finished' || run?.state === 'stopped' || run?.state === 'cancelled') return run.state;
  if (run?.state === 'running' && holder?.planId === file.planId) return 'running';
  if (wish?.wish === 'cancel') return 'cancelled';
  if (wish?.wish === 'pause' || run?.state === 'paused') return 'paused';
  if (run !== undefined) return 'interrupted';
  return needsApproval(file, nowMs) && approval === undefined ? 'waits_for_approval' : 'planned';
};

const whyOf = ({ run, wish }: PlanFile, state: ReplayState): string | null => {
  if (run?.why !== undefined && state !== 'running') return run.why;
  if (wish === undefined || wish.wish === 'go') return null;
  const asked = wish.wish === 'pause' ? 'paused' : 'cancelled';
  return `${state === 'running' ? 'is to be ' : ''}${asked} by ${wish.actor}: ${wish.reason}`;
};

const iso = (ms: number): string => new Date(ms).toISOString();

const statusOf = async (parts: Readers, file: PlanFile): Promise<ReplayStatus> => {
  const { planId, plan, run, approval, batches } = file;
  const [first] = lockTopics(parts, plan);
  const holder = first === undefined ? undefined : await lockHolder(parts, first);
  const state = stateOf(file, holder, parts.clock.nowMs());
  const counts = countResults(batches);
  return {
    ...{ planId, of: plan.window === undefined ? 'letters' : 'window' },
    ...{ state, why: whyOf(file, state), selection: plan.selection, counts, total: plan.total },
    topics: plan.topics.map(({ topic }) => topic),
    ...{ madeBy: plan.actor, madeAt: iso(plan.atMs), approvedBy: approval?.actor ?? null },
    ...{ runBy: run?.actor ?? null, startedAt: run === undefined ? null : iso(run.startedAtMs) },
    ...{ options: run?.options ?? null, canary: run?.canary ?? null, holder: holder ?? null },
    settled: Object.values(counts).reduce((sum, count) => sum + count, 0),
  };
};

/**
 * Where a plan stands. Changes nothing.
 *
 * @throws EsteiraError ESTEIRA_USAGE (no such plan), ESTEIRA_TOPICS_DIFFER, ESTEIRA_BROKER_UNAVAILABLE
 */
export const replayStatus = async (parts: Readers, planId: string): Promise<ReplayStatus> =>
  statusOf(parts, await readPlanFile(parts.control, planId));

/** Where all plans stand, the newest first. @throws EsteiraError ESTEIRA_TOPICS_DIFFER, ESTEIRA_BROKER_UNAVAILABLE */
export const listReplays = async (parts: Readers): Promise<readonly ReplayStatus[]> => {
  const found: ReplayStatus[] = [];
  for (const file of await allPlanFiles(parts.control)) found.unshift(await statusOf(parts, file));
  return found;
};

/**
 * What was told of the jobs of a run so far, by job id.
 *
 * @throws EsteiraError ESTEIRA_TOPICS_DIFFER, ESTEIRA_BROKER_UNAVAILABLE, ESTEIRA_REGISTRY_UNAVAILABLE
 */
export const outcomesOf = async (
  { app, backend }: Pick<ReplayParts, 'app' | 'backend'>,
  { planId, run }: PlanFile,
): Promise<ReadonlyMap<string, JobOutcome>> =>
  run === undefined ? new Map() : new JobOutcomes(app, backend, planId, run.telemetryFrom).look();
