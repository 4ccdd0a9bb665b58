import { randomId } from '../../core/ids.ts';
import type { Signature } from '../control/signature.ts';
import { type PlanValue, type PositionsValue, subjects } from './control-values.ts';
import { type PlanFile, readPlanFile } from './plan-file.ts';
import { policyOf, type ReplayParts } from './replay-parts.ts';
import { auditStep } from './step-audit.ts';

/** A plan, before it has an id and a signature. */
export interface DraftPlan {
  /** Without what every plan is signed with, and what the policy says. */
  readonly value: Omit<PlanValue, keyof Signature | 'chunks' | 'maxReplays' | 'approveAbove'>;
  readonly chunks: readonly PositionsValue[];
  readonly reason: string;
  /** Goes into the audit, beside the selection and the number of records. */
  readonly details?: Readonly<Record<string, string>>;
}

/**
 * Stores a plan on the control topic, audited first.
 *
 * @throws EsteiraError ESTEIRA_AUDIT_UNAVAILABLE, ESTEIRA_PUBLISH_UNKNOWN
 */
export const storePlan = async (
  parts: ReplayParts,
  { value, chunks, reason, details = {} }: DraftPlan,
): Promise<PlanFile> => {
  const planId = randomId();
  const { selection, total } = value;
  const signature = await auditStep(parts, 'plan', { planId, plan: value }, reason, {
    ...{ selection, records: String(total) },
    ...details,
  });
  const { maxReplays, approveAbove } = policyOf(parts);
  const plan: PlanValue = { ...signature, ...value, chunks: chunks.length, maxReplays, approveAbove };
  // The plan comes last: without it, what was written before is nothing.
  await parts.control.append(
    chunks.map((chunk, index) => ({ subject: subjects.positions(planId, index), value: chunk })),
  );
  await parts.control.append([{ subject: subjects.plan(planId), value: plan }]);
  return readPlanFile(parts.control, planId);
};
