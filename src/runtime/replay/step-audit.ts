import { auditOf, writeAudits } from '../control/audited.ts';
import type { PlanFile } from './plan-file.ts';
import type { ReplayParts } from './replay-parts.ts';

/** The steps of a replay, as the audit names them. */
export type ReplayStep = 'plan' | 'approve' | 'run' | 'resume' | 'pause' | 'cancel' | 'stop' | 'finish';

/** The plan that a step is about: of a window it is told as `window.run` and the like. */
export type Audited = Pick<PlanFile, 'planId'> & { readonly plan: Pick<PlanFile['plan'], 'kind'> };

/** How a step is signed on the control topic. */
export interface Signature {
  readonly v: 1;
  readonly atMs: number;
  readonly actor: string;
  readonly reason: string;
  readonly auditId: string;
}

/**
 * Audits a step, acknowledged, before it is taken. Answers the signature that the step is written with.
 *
 * @throws EsteiraError ESTEIRA_AUDIT_UNAVAILABLE: the step must not be taken
 */
export const auditStep = async (
  parts: ReplayParts,
  step: ReplayStep,
  { planId, plan }: Audited,
  reason: string,
  details: Readonly<Record<string, string>> = {},
): Promise<Signature> => {
  const { operator, service, clock } = parts;
  const atMs = clock.nowMs();
  const [what = 'replay'] = plan.kind.split('.');
  const deed = { action: `${what}.${step}`, subject: planId, tenantId: '', details, atMs };
  const record = auditOf(service, { ...deed, actor: operator.name, reason });
  await writeAudits(parts, [record], { planId, step });
  const { actor, reason: why, auditId } = record;
  return { v: 1, atMs, actor, reason: why, auditId };
};
