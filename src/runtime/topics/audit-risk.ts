import type { ServiceIdentity } from '../../core/job-event.ts';
import type { Backend } from '../backend.ts';
import { auditOf, requireWho, type Who, writeAudits } from '../control/audited.ts';
import { type PlanOptions, riskOf, type TopicPlan } from './topic-plan.ts';

/** What an audit of topics needs. */
export interface TopicAuditParts {
  readonly app: { readonly name: string };
  readonly backend: Pick<Backend, 'broker' | 'serde'>;
  readonly identity: ServiceIdentity;
  readonly nowMs: number;
  /** Who asks, and by which right; asked only where there is a risk. @throws EsteiraError ESTEIRA_OPERATOR_REFUSED */
  readonly who: () => Promise<Who>;
}

/**
 * Audits what a plan does that nobody can take back, before it is done; a plan without such a thing takes nobody.
 *
 * @throws EsteiraError ESTEIRA_USAGE without a reason, ESTEIRA_AUDIT_UNAVAILABLE, and as `who`
 */
export const auditRisk = async (
  parts: TopicAuditParts,
  plan: TopicPlan,
  options: PlanOptions,
): Promise<void> => {
  const details = riskOf(plan, options);
  if (Object.keys(details).length === 0) return;
  const who = await parts.who();
  requireWho('what cannot be taken back', who);
  const deed = { action: 'topics.apply', ...who, subject: parts.app.name, tenantId: '', details };
  await writeAudits(parts, [auditOf(parts.identity, { ...deed, atMs: parts.nowMs })], {
    app: parts.app.name,
  });
};
