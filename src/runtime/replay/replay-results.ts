import { parseEnvelope } from '../../core/envelope.ts';
import { formatPosition } from '../../core/record.ts';
import type { JobOutcome } from './job-outcomes.ts';
import { inboxText, type LedgerOutcome, type LedgerResult, unpackResults } from './ledger-results.ts';
import { type PlanFile, positionsOf, readPlanFile } from './plan-file.ts';
import type { ReplayParts } from './replay-parts.ts';
import { outcomesOf } from './replay-status.ts';
import { eachRecord } from './review-plan.ts';

/** What became of one dead letter of a plan. */
export interface ReplayedLetter {
  /** The dead letter, `topic/partition/offset`. */
  readonly position: string;
  /** The job it became, which is the one it was; null where the record is gone or never said. */
  readonly jobId: string | null;
  readonly tenant: string | null;
  /** Null: the run has not come to it. */
  readonly outcome: LedgerOutcome | null;
  /** Where its copy stands, `topic/partition/offset`. */
  readonly inbox: string | null;
  /** What was told of its job since, where anything was. */
  readonly job: JobOutcome | null;
}

/** The ledger by position. */
const ledgerOf = (file: PlanFile): ReadonlyMap<string, LedgerResult> => {
  const ledger = new Map<string, LedgerResult>();
  for (const batch of file.batches) {
    const positions = positionsOf(file, batch.chunk).slice(batch.from, batch.to);
    for (const [index, result] of unpackResults(batch).entries()) {
      const at = positions[index];
      if (at !== undefined) ledger.set(formatPosition(at), result);
    }
  }
  return ledger;
};

/**
 * What became of each dead letter of a plan, one call a letter, in the order of the plan.
 *
 * @throws EsteiraError ESTEIRA_USAGE (no such plan), ESTEIRA_TOPICS_DIFFER, ESTEIRA_BROKER_UNAVAILABLE,
 *   ESTEIRA_REGISTRY_UNAVAILABLE
 */
export const replayResults = async (
  parts: Pick<ReplayParts, 'app' | 'backend' | 'control'>,
  planId: string,
  onLetter: (letter: ReplayedLetter) => void,
): Promise<void> => {
  const file = await readPlanFile(parts.control, planId);
  const ledger = ledgerOf(file);
  const outcomes = await outcomesOf(parts, file);
  const tell = (position: string, jobId: string | null, tenant: string | null): void => {
    const result = ledger.get(position);
    const job = jobId === null ? null : (outcomes.get(jobId) ?? null);
    const inbox = result === undefined ? null : inboxText(result);
    onLetter({ position, jobId, tenant, outcome: result?.outcome ?? null, inbox, job });
  };
  await eachRecord(parts, file, async (records, gone) => {
    for (const record of records) {
      const { job, tenant } = parseEnvelope(record.headers, true);
      tell(formatPosition(record), job?.id ?? null, tenant ?? null);
    }
    for (const position of gone) tell(position, null, null);
  });
};
