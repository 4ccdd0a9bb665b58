import { formatPosition, type RecordPosition } from '../../core/record.ts';
import type { LedgerOutcome } from '../replay/ledger-results.ts';
import { planReplay } from '../replay/make-plan.ts';
import type { PlanFile } from '../replay/plan-file.ts';
import type { ReplayParts } from '../replay/replay-parts.ts';
import { type ReplayedRecord, replayResults } from '../replay/replay-results.ts';
import { runReplay } from '../replay/run-plan.ts';
import { readLetterLedger } from './letter-ledger.ts';

/** What became of an edited letter. */
export interface EditedReplay {
  readonly planId: string;
  /** Null: the run has not come to it. */
  readonly outcome: LedgerOutcome | null;
  /** Where its copy stands, `topic/partition/offset`. */
  readonly inbox: string | null;
}

const isOpen = ({ run, wish }: PlanFile): boolean =>
  wish?.wish !== 'cancel' && run?.state !== 'cancelled' && run?.state !== 'finished';

/**
 * Replays one letter, in a plan of its own. A plan of it that an earlier process has begun is gone on with: what that had
 * written is found, and not written again.
 *
 * @throws EsteiraError as `planReplay` and `runReplay`
 */
export const replayEdited = async (
  parts: ReplayParts,
  at: RecordPosition,
  reason: string,
): Promise<EditedReplay> => {
  // A plan of others too is somebody else's to run.
  const before = (await readLetterLedger(parts.control))
    .plansWith(at)
    .findLast(({ plan }) => plan.total === 1);
  const { planId, run } = before ?? (await planReplay(parts, { positions: [at], reason }));
  if (before === undefined || isOpen(before)) {
    const isBegun = run !== undefined;
    const options = { rate: 0, canary: 0 };
    await runReplay(parts, { planId, reason, ...(isBegun ? { resume: true } : { options }) });
  }
  const letters: ReplayedRecord[] = [];
  await replayResults(parts, planId, (letter) => letters.push(letter));
  const letter = letters.find(({ position }) => position === formatPosition(at));
  return { planId, outcome: letter?.outcome ?? null, inbox: letter?.inbox ?? null };
};
