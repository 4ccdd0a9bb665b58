import { z } from 'zod';
import { type AuditParts, auditOf, type Deed, writeAudits } from './audited.ts';

/** How something is signed on the control topic: who did it, why, and under which audit record. */
export const signed = {
  v: z.literal(1),
  atMs: z.number(),
  actor: z.string(),
  reason: z.string(),
  auditId: z.string(),
};

const SignatureValue = z.object(signed);
export type Signature = z.infer<typeof SignatureValue>;

/**
 * Audits a deed, acknowledged, before it is done. Answers what it is signed with.
 *
 * @throws EsteiraError ESTEIRA_AUDIT_UNAVAILABLE, with the facts: the deed must not be done
 */
export const signDeed = async (
  {
    app,
    backend,
    service,
  }: Pick<AuditParts, 'app' | 'backend'> & { readonly service: AuditParts['identity'] },
  deed: Deed,
  facts: Readonly<Record<string, string>>,
): Promise<Signature> => {
  const record = auditOf(service, deed);
  await writeAudits({ app, backend }, [record], facts);
  return { v: 1, atMs: deed.atMs, actor: record.actor, reason: record.reason, auditId: record.auditId };
};
