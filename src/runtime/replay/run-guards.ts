import type { EsteiraError } from '../../core/errors.ts';
import type { PlanFile } from './plan-file.ts';
import { jobOfChunk } from './plan-records.ts';
import { isSignedBy, type ReplayParts, refused } from './replay-parts.ts';

/** Why a plan needs a second person; undefined when it does not. */
export const approvalReason = ({ plan }: PlanFile, nowMs: number): string | undefined => {
  const { window, total, approveAbove } = plan;
  if (window?.force === true) return 'it runs again what is done';
  if (window !== undefined && nowMs - window.oldestAtMs > window.doneTtlMs) {
    const forgotten = new Date(nowMs - window.doneTtlMs).toISOString();
    return `it holds records of before ${forgotten}, of which nobody remembers whether they are done`;
  }
  return total > approveAbove ? `it has ${total} records, more than ${approveAbove}` : undefined;
};

/** Whether a plan needs a second person. */
export const needsApproval = (file: PlanFile, nowMs: number): boolean =>
  approvalReason(file, nowMs) !== undefined;

/** Why the approval does not count for this operator; undefined when none is needed, or it does. */
const approvalProblem = ({ operator, clock }: ReplayParts, file: PlanFile): string | undefined => {
  const { plan, approval, planId } = file;
  const reason = approvalReason(file, clock.nowMs());
  if (reason === undefined) return undefined;
  const need = `${reason}, so a second person has to agree`;
  if (approval === undefined) return `${need}: \`esteira replay approve ${planId}\``;
  if (approval.actor === plan.actor) return `${need}: ${approval.actor} made it`;
  return isSignedBy(approval, operator) ? `${need}: who approved it does not run it` : undefined;
};

const notNow = (planId: string, why: string, facts: Record<string, string> = {}): EsteiraError =>
  refused(`plan ${planId} is not run: ${why}`, { planId, ...facts });

/** @throws EsteiraError ESTEIRA_REPLAY_REFUSED saying why this plan must not be run, or resumed, now */
export const requireRunnable = (parts: ReplayParts, file: PlanFile, resume: boolean): void => {
  const { planId, run, wish } = file;
  for (const chunk of file.chunks.keys()) jobOfChunk(parts.app, file, chunk);
  if (wish?.wish === 'cancel' || run?.state === 'cancelled')
    throw notNow(planId, `${wish?.actor ?? 'somebody'} cancelled it: make a new plan`);
  if (run?.state === 'finished') throw notNow(planId, 'it is finished: make a new plan');
  if (!resume && wish?.wish === 'pause')
    throw notNow(planId, `${wish.actor} paused it (${wish.reason}): \`esteira replay resume ${planId}\``);
  if (!resume && run !== undefined)
    throw notNow(planId, `${run.actor} has begun it: \`esteira replay resume ${planId}\` goes on with it`);
  if (resume && run === undefined && wish?.wish !== 'pause')
    throw notNow(planId, `it was not begun: \`esteira replay run ${planId}\``);
  const problem = approvalProblem(parts, file);
  if (problem !== undefined) throw notNow(planId, problem);
};
