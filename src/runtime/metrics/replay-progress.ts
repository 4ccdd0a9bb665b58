import type { ControlEntry } from '../control/control-log.ts';
import { subjects } from '../replay/control-values.ts';
import { countResults, type LedgerCounts } from '../replay/ledger-results.ts';
import { type PlanFile, planFileOf } from '../replay/plan-file.ts';

/** What became of records of replays that run. */
export const REPLAY_STATES = ['waiting', 'replayed', 'left_out', 'failed'] as const;
type ReplayRecordState = (typeof REPLAY_STATES)[number];

/** How many records of the replays that run, or are paused, are in each state. */
export type ReplayProgress = Readonly<Record<ReplayRecordState, number>>;

/** `failed`: nobody knows, or nobody could. `left_out`: there was a good reason not to. */
const stateCounts = (counts: LedgerCounts): Omit<ReplayProgress, 'waiting'> => ({
  replayed: counts.replayed + counts.forced,
  left_out:
    counts.done +
    counts.expired +
    counts.shelved +
    counts.refused +
    counts.held +
    counts.ahead +
    counts.other,
  failed: counts.undecodable + counts.gone + counts.failed + counts.unknown,
});

const RUN_SUBJECT = /^replay\/([^/]+)\/run$/;

const runningPlans = (entries: ReadonlyMap<string, ControlEntry>): readonly PlanFile[] =>
  [...entries.keys()].flatMap((subject) => {
    const [, planId] = RUN_SUBJECT.exec(subject) ?? [];
    const isWhole = planId !== undefined && entries.has(subjects.plan(planId));
    const file = isWhole ? planFileOf(planId, entries) : undefined;
    return file?.run?.state === 'running' || file?.run?.state === 'paused' ? [file] : [];
  });

/** Adds what a plan has of each job type. */
const addPlan = (byType: Map<string, ReplayProgress>, { plan, chunks, batches }: PlanFile): void => {
  chunks.forEach(({ topic, count }, chunk) => {
    const jobType = plan.topics[topic]?.jobType;
    if (jobType === undefined) return;
    const settled = stateCounts(countResults(batches.filter((batch) => batch.chunk === chunk)));
    const waiting = count - settled.replayed - settled.left_out - settled.failed;
    const before = byType.get(jobType) ?? { waiting: 0, replayed: 0, left_out: 0, failed: 0 };
    byType.set(jobType, {
      waiting: before.waiting + waiting,
      replayed: before.replayed + settled.replayed,
      left_out: before.left_out + settled.left_out,
      failed: before.failed + settled.failed,
    });
  });
};

/** How far the replays are that run or are paused, by job type, as these entries of the control topic say. */
export const replayProgress = (
  entries: ReadonlyMap<string, ControlEntry>,
): ReadonlyMap<string, ReplayProgress> => {
  const byType = new Map<string, ReplayProgress>();
  for (const file of runningPlans(entries)) addPlan(byType, file);
  return byType;
};
