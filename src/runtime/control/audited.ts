import { EsteiraError } from '../../core/errors.ts';
import { AuditRecord } from '../../core/generated/audit-record.ts';
import { randomId } from '../../core/ids.ts';
import type { ServiceIdentity } from '../../core/job-event.ts';
import { names } from '../../core/names.ts';
import { redactText } from '../../security/redact.ts';
import type { Backend } from '../backend.ts';

/** Who decides, and why. */
export interface Who {
  /** Goes into the audit. */
  readonly actor: string;
  /** Goes into the audit, redacted. */
  readonly reason: string;
}

/** What is about to be done. */
export interface Deed extends Who {
  /** Such as `control.pause`. */
  readonly action: string;
  readonly subject: string;
  /** Empty where none is concerned. */
  readonly tenantId: string;
  readonly details: Readonly<Record<string, string>>;
  /** Epoch ms. */
  readonly atMs: number;
}

export interface AuditParts {
  readonly app: { readonly name: string };
  readonly backend: Pick<Backend, 'broker' | 'serde'>;
  readonly identity: ServiceIdentity;
}

const LONGEST_ACTOR = 200;
const LONGEST_REASON = 1_000;
const LONGEST_REASON_BYTES = 2_048;
const DEADLINE_MS = 30_000;

const requireWords = (deed: string, what: string, text: string, longest: number): void => {
  if (text.trim().length > 0 && text.length <= longest) return;
  throw new EsteiraError('ESTEIRA_USAGE', `${deed} needs ${what}: give 1 to ${longest} characters`);
};

/** @throws EsteiraError ESTEIRA_USAGE when the name is empty or too long */
export const requireActor = (deed: string, actor: string): void =>
  requireWords(deed, 'an actor', actor, LONGEST_ACTOR);

/** @throws EsteiraError ESTEIRA_USAGE when the reason is empty or too long */
export const requireReasonOf = (deed: string, reason: string): void =>
  requireWords(deed, 'a reason', reason, LONGEST_REASON);

/** @throws EsteiraError ESTEIRA_USAGE when actor or reason is empty or too long */
export const requireWho = (deed: string, { actor, reason }: Who): void => {
  requireActor(deed, actor);
  requireReasonOf(deed, reason);
};

/**
 * Who and why as they may be written. Who it was is what an audit is for, and what a second person is told apart by: a name
 * stays as it is, also where it is an e-mail address.
 */
export const redactedWho = ({ actor, reason }: Who): Who => ({
  actor: actor.trim(),
  reason: redactText(reason.trim(), LONGEST_REASON_BYTES),
});

/** The audit record of a deed. */
export const auditOf = ({ service, host }: ServiceIdentity, deed: Deed): AuditRecord => ({
  auditId: randomId(),
  action: deed.action,
  ...redactedWho(deed),
  subject: deed.subject,
  tenantId: deed.tenantId,
  correlationId: '',
  details: { ...deed.details, service, host },
  at: deed.atMs,
});

/**
 * Writes audit records; resolves when all are acknowledged. Whatever they are about may be done then, and not before.
 *
 * @throws EsteiraError ESTEIRA_AUDIT_UNAVAILABLE, with the facts
 */
export const writeAudits = async (
  { app, backend }: Pick<AuditParts, 'app' | 'backend'>,
  records: readonly AuditRecord[],
  facts: Readonly<Record<string, string>>,
): Promise<void> => {
  try {
    const writer = await backend.broker.createProducer();
    try {
      for (const record of records) {
        const value = await backend.serde.encode(AuditRecord, record);
        const message = { topic: names.audit(app.name), key: Buffer.from(record.actor), value, headers: [] };
        await writer.send(message, { deadlineMs: DEADLINE_MS });
      }
    } finally {
      await writer.close();
    }
  } catch (cause) {
    throw new EsteiraError(
      'ESTEIRA_AUDIT_UNAVAILABLE',
      'the audit record could not be written, so nothing was changed: run it again when the audit topic can be written',
      { facts, cause },
    );
  }
};
