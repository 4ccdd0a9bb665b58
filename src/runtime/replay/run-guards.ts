import type { EsteiraError } from '../../core/errors.ts';
import type { PlanFile } from './plan-file.ts';
import { type ReplayParts, refused } from './replay-parts.ts';

/** Whether a plan needs a second person. */
export const needsApproval = ({ plan }: PlanFile): boolean => plan.total > plan.approveAbove;

/** Why the approval does not count for this operator; undefined when none is needed, or it does. */
const approvalProblem = ({ operator }: ReplayParts, file: PlanFile): string | undefined => {
  const { plan, approval, planId } = file;
  if (!needsApproval(file)) return undefined;
  const size = `it has ${plan.total} records, and above ${plan.approveAbove} a second person has to agree`;
  if (approval === undefined) return `${size}: \`esteira replay approve ${planId}\``;
  if (approval.actor === plan.actor) return `${size}: ${approval.actor} made it`;
  return approval.actor === operator.name ? `${size}: who approved it does not run it` : undefined;
};

const notNow = (planId: string, why: string, facts: Record<string, string> = {}): EsteiraError =>
  refused(`plan ${planId} is not run: ${why}`, { planId, ...facts });

/** @throws EsteiraError ESTEIRA_REPLAY_REFUSED saying why this plan must not be run, or resumed, now */
export const requireRunnable = (parts: ReplayParts, file: PlanFile, resume: boolean): void => {
  const { planId, run, wish } = file;
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
