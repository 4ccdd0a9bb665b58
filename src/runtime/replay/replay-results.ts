import { formatPosition } from '../../core/record.ts';
import type { BatchValue } from './control-values.ts';
import type { JobOutcome } from './job-outcomes.ts';
import { inboxText, type LedgerOutcome, type LedgerResult, unpackResults } from './ledger-results.ts';
import { readPlanFile } from './plan-file.ts';
import { jobOfRecord, recordsOf } from './plan-records.ts';
import type { ReplayParts } from './replay-parts.ts';
import { outcomesOf } from './replay-status.ts';

/** What became of one record of a plan: a dead letter, or an event of a window. */
export interface ReplayedRecord {
  /** The record, `topic/partition/offset`. */
  readonly position: string;
  /** The job it became, which of a dead letter is the one it was; null where the record is gone or never said. */
  readonly jobId: string | null;
  readonly tenant: string | null;
  /** Null: the run has not come to it. */
  readonly outcome: LedgerOutcome | null;
  /** Where its copy stands, `topic/partition/offset`. */
  readonly inbox: string | null;
  /** What was told of its job since, where anything was. */
  readonly job: JobOutcome | null;
}

/** What the ledger says of the positions of one chunk, by their index. */
const ledgerOf = (batches: readonly BatchValue[], chunk: number): readonly LedgerResult[] =>
  batches.filter((batch) => batch.chunk === chunk).flatMap(unpackResults);

/**
 * What became of each record of a plan, one call a record, in the order of the plan.
 *
 * @throws EsteiraError ESTEIRA_USAGE (no such plan), ESTEIRA_TOPICS_DIFFER, ESTEIRA_BROKER_UNAVAILABLE,
 *   ESTEIRA_REGISTRY_UNAVAILABLE
 */
export const replayResults = async (
  parts: Pick<ReplayParts, 'app' | 'backend' | 'control'>,
  planId: string,
  onRecord: (record: ReplayedRecord) => void,
): Promise<void> => {
  const file = await readPlanFile(parts.control, planId);
  const outcomes = await outcomesOf(parts, file);
  for (const [chunk, { count }] of file.chunks.entries()) {
    const ledger = ledgerOf(file.batches, chunk);
    await recordsOf(parts, file, { chunk, from: 0, to: count }, async ({ positions, records, from }) => {
      const byOffset = new Map(records.map((record) => [record.offset, record]));
      for (const [index, at] of positions.entries()) {
        const record = byOffset.get(at.offset);
        const nobody = { jobId: null, tenant: null };
        const { jobId, tenant } = record === undefined ? nobody : jobOfRecord(parts.app, file, chunk, record);
        const result = ledger[from + index];
        const inbox = result === undefined ? null : inboxText(result);
        const became = jobId === null ? null : (outcomes.get(jobId) ?? null);
        onRecord({
          ...{ position: formatPosition(at), jobId, tenant },
          ...{ outcome: result?.outcome ?? null, inbox, job: became },
        });
      }
    });
  }
};
