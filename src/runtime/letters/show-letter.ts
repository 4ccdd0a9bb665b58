import {
  type LetterState,
  readDeadLetter,
  type ShownDeadLetter,
  showDeadLetter,
} from '../../consumers/dead-letters/index.ts';
import { formatPosition, type RecordPosition } from '../../core/record.ts';
import { requireWho } from '../control/audited.ts';
import { type ReplayParts, requireRole } from '../replay/replay-parts.ts';
import { auditLetterStep } from './letter-audit.ts';
import { type LetterFact, readLetterLedger } from './letter-ledger.ts';

export interface ShowLetterRequest {
  readonly position: RecordPosition;
  /** Why the bytes are to be shown as they are, with what they may hold; without it they are not. */
  readonly rawBecause?: string;
}

/** A dead letter with what became of it, and what operators did about it, the oldest first. */
export interface LetterWithHistory extends ShownDeadLetter {
  readonly state: LetterState;
  readonly history: readonly LetterFact[];
}

/**
 * One dead letter, redacted. Its bytes are shown only where a reason is given for it, which takes the role approver and is
 * audited before, as an unredacted export is.
 *
 * @throws EsteiraError ESTEIRA_USAGE (no dead letter there, no reason), ESTEIRA_OPERATOR_REFUSED, ESTEIRA_AUDIT_UNAVAILABLE
 *   (nothing was shown), ESTEIRA_BROKER_UNAVAILABLE
 */
export const showLetter = async (
  parts: ReplayParts,
  { position, rawBecause: reason }: ShowLetterRequest,
): Promise<LetterWithHistory> => {
  const { app, backend, control, operator } = parts;
  const { admin } = backend.broker;
  const isRaw = reason !== undefined;
  if (isRaw) {
    requireRole(parts, 'approver', 'see the bytes of a dead letter');
    requireWho('a look at raw bytes', { actor: operator.name, reason });
  }
  const { letter } = await readDeadLetter({ app, admin, position });
  if (isRaw)
    await auditLetterStep(parts, {
      ...{ action: 'dlq.show', subject: formatPosition(position), reason },
      tenantId: letter.envelope.tenant ?? '',
      details: { raw: 'true', jobId: letter.envelope.job?.id ?? '', jobType: letter.job.type },
    });
  const shown = await showDeadLetter({ app, admin, serde: backend.serde, position, raw: isRaw });
  const ledger = await readLetterLedger(control);
  return { ...shown, state: ledger.stateOf(letter), history: ledger.historyOf(position) };
};
