import { subjects, type WishValue } from './control-values.ts';
import { type PlanFile, readPlanFile } from './plan-file.ts';
import { isSignedBy, type ReplayParts, refused, requireReason, requireRole } from './replay-parts.ts';
import { auditStep } from './step-audit.ts';

/** Which plan, and why. */
export interface StepRequest {
  /** The plan's id, or the beginning of it. */
  readonly planId: string;
  /** Goes into the audit, redacted. */
  readonly reason: string;
}

const requireOpen = ({ planId, run, wish }: PlanFile, what: string): void => {
  const end =
    wish?.wish === 'cancel' || run?.state === 'cancelled'
      ? 'cancelled'
      : run?.state === 'finished'
        ? 'finished'
        : undefined;
  if (end !== undefined) throw refused(`plan ${planId} cannot be ${what}: it is ${end}`, { planId });
};

/**
 * Agrees to a plan, as a second person. Audited first.
 *
 * @throws EsteiraError ESTEIRA_USAGE, ESTEIRA_OPERATOR_REFUSED (no right), ESTEIRA_REPLAY_REFUSED (the same person, a plan that has ended),
 *   ESTEIRA_AUDIT_UNAVAILABLE
 */
export const approveReplay = async (parts: ReplayParts, request: StepRequest): Promise<PlanFile> => {
  requireRole(parts, 'approver', 'approve a replay');
  const reason = requireReason(request.reason);
  const file = await readPlanFile(parts.control, request.planId);
  const { planId, plan } = file;
  requireOpen(file, 'approved');
  if (isSignedBy(plan, parts.operator))
    throw refused(`plan ${planId} was made by ${plan.actor}, who cannot approve it: another person has to`, {
      planId,
    });
  const signature = await auditStep(parts, 'approve', file, reason, {
    ...{ records: String(plan.total), selection: plan.selection },
  });
  await parts.control.append([
    { subject: subjects.approval(planId), value: { ...signature, kind: 'replay.approval' } },
  ]);
  return readPlanFile(parts.control, planId);
};

const wish = async (
  parts: ReplayParts,
  request: StepRequest,
  wanted: Exclude<WishValue['wish'], 'go'>,
): Promise<PlanFile> => {
  requireRole(parts, 'operator', `${wanted} a replay`);
  const reason = requireReason(request.reason);
  const file = await readPlanFile(parts.control, request.planId);
  const { planId } = file;
  requireOpen(file, wanted === 'pause' ? 'paused' : 'cancelled');
  const signature = await auditStep(parts, wanted, file, reason);
  await parts.control.append([
    { subject: subjects.wish(planId), value: { ...signature, kind: 'replay.wish', wish: wanted } },
  ]);
  return readPlanFile(parts.control, planId);
};

/**
 * Asks a run to pause: its process hears of it before its next batch, closes its ledger and ends. Audited first.
 *
 * @throws EsteiraError as {@link approveReplay}
 */
export const pauseReplay = (parts: ReplayParts, request: StepRequest): Promise<PlanFile> =>
  wish(parts, request, 'pause');

/**
 * Cancels a plan for good; what was replayed stays replayed. Audited first.
 *
 * @throws EsteiraError as {@link approveReplay}
 */
export const cancelReplay = (parts: ReplayParts, request: StepRequest): Promise<PlanFile> =>
  wish(parts, request, 'cancel');
