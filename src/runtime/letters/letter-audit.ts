import { type DeadLetter, tenantOf } from '../../consumers/dead-letters/index.ts';
import { EsteiraError } from '../../core/errors.ts';
import { AuditRecord } from '../../core/generated/audit-record.ts';
import { deterministicId } from '../../core/ids.ts';
import { names } from '../../core/names.ts';
import { formatPosition } from '../../core/record.ts';
import { type Signature, signDeed } from '../control/signature.ts';
import { policyOf, type ReplayParts } from '../replay/replay-parts.ts';

/** What is about to be done to dead letters as a whole. */
export interface LetterStep {
  /** Such as `dlq.discard`. */
  readonly action: string;
  /** The id of the deed, or the position of the letter. */
  readonly subject: string;
  readonly reason: string;
  /** Empty where several are concerned. */
  readonly tenantId?: string;
  readonly details: Readonly<Record<string, string>>;
}

/**
 * Audits a step, acknowledged, before it is taken. Answers what it is signed with.
 *
 * @throws EsteiraError ESTEIRA_AUDIT_UNAVAILABLE: the step must not be taken
 */
export const auditLetterStep = (
  parts: ReplayParts,
  { action, subject, reason, tenantId = '', details }: LetterStep,
): Promise<Signature> => {
  const deed = { action, actor: parts.operator.name, reason, subject, tenantId, details };
  return signDeed(parts, { ...deed, atMs: parts.clock.nowMs() }, { subject });
};

/** The audit record of one letter of a deed: the same id when it is written again. */
export const letterAudit = (
  { service }: ReplayParts,
  letter: DeadLetter,
  { action, deedId, signature }: { action: string; deedId: string; signature: Signature },
): AuditRecord => ({
  auditId: deterministicId('audit', action, deedId, formatPosition(letter.at)),
  action,
  actor: signature.actor,
  reason: signature.reason,
  subject: formatPosition(letter.at),
  tenantId: tenantOf(letter),
  correlationId: letter.envelope.correlationId ?? '',
  details: {
    deedId,
    jobId: letter.envelope.job?.id ?? '',
    jobType: letter.job.type,
    deadReason: letter.envelope.job?.deadReason ?? '',
    service: service.service,
    host: service.host,
  },
  at: signature.atMs,
});

/**
 * Writes audit records together; resolves when all are acknowledged.
 *
 * @throws EsteiraError ESTEIRA_AUDIT_UNAVAILABLE: what they are about must not be done
 */
export const writeLetterAudits = async (
  parts: ReplayParts,
  records: readonly AuditRecord[],
): Promise<void> => {
  try {
    const { producer, serde } = await parts.connectWriter();
    const { deadlineMs } = policyOf(parts);
    const topic = names.audit(parts.app.name);
    await Promise.all(
      records.map(async (record) => {
        const value = await serde.encode(AuditRecord, record);
        await producer.send({ topic, key: Buffer.from(record.actor), value, headers: [] }, { deadlineMs });
      }),
    );
  } catch (cause) {
    throw new EsteiraError(
      'ESTEIRA_AUDIT_UNAVAILABLE',
      'the audit could not be written, so nothing was changed: run it again when the audit topic can be written',
      { cause },
    );
  }
};
