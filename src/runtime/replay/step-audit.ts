import { requireActor } from '../control/audited.ts';
import { type Signature, signDeed } from '../control/signature.ts';
import type { PlanFile } from './plan-file.ts';
import type { ReplayParts } from './replay-parts.ts';

/** The steps of a replay, as the audit names them. */
export type ReplayStep = 'plan' | 'approve' | 'run' | 'resume' | 'pause' | 'cancel' | 'stop' | 'finish';

/** The plan that a step is about: of a window it is told as `window.run` and the like. */
export type Audited = Pick<PlanFile, 'planId'> & { readonly plan: Pick<PlanFile['plan'], 'kind'> };

/**
 * Audits a step, acknowledged, before it is taken. Answers the signature that the step is written with.
 *
 * @throws EsteiraError ESTEIRA_AUDIT_UNAVAILABLE: the step must not be taken; ESTEIRA_USAGE: nobody, or a name that is too long
 */
export const auditStep = async (
  parts: ReplayParts,
  step: ReplayStep,
  { planId, plan }: Audited,
  reason: string,
  details: Readonly<Record<string, string>> = {},
): Promise<Signature> => {
  const [what = 'replay'] = plan.kind.split('.');
  requireActor(`${what}.${step}`, parts.operator.name);
  const deed = { action: `${what}.${step}`, actor: parts.operator.name, reason, subject: planId };
  return signDeed(parts, { ...deed, tenantId: '', details, atMs: parts.clock.nowMs() }, { planId, step });
};
