import { factsOf, insist } from '../../consumers/backoff.ts';
import type { Clock } from '../../core/clock.ts';
import { type PauseRule, subjectOfRule } from '../../core/control-rules.ts';
import { isEsteiraError } from '../../core/errors.ts';
import { type AuditParts, auditOf, writeAudits } from './audited.ts';
import { bareOf, type ControlParts, withControlLog } from './change-rule.ts';

export interface SuspensionParts extends ControlParts {
  readonly clock: Clock;
  /** The process stops: what is not written by then is not. */
  readonly stopped: AbortSignal;
}

const auditFor = ({ identity }: AuditParts, rule: PauseRule) => {
  const { target, actor, reason, atMs } = rule;
  return auditOf(identity, {
    ...{ action: 'control.guard', actor, reason, subject: subjectOfRule(rule), atMs },
    tenantId: target.what === 'tenant' ? target.tenant : '',
    details: { before: 'none', after: bareOf(rule) },
  });
};

/**
 * Audited, then written, unless something stands there already: that holds as well, and somebody has said why. Answers
 * the offset of what stands.
 */
const writer = (parts: SuspensionParts, rule: PauseRule): (() => Promise<bigint>) => {
  const subject = subjectOfRule(rule);
  const audit = auditFor(parts, rule);
  let isAudited = false;
  return () =>
    withControlLog(parts, async (control) => {
      const standing = (await control.read(subject)).get(subject);
      if (standing !== undefined) return standing.offset;
      if (!isAudited) await writeAudits(parts, [audit], { subject });
      isAudited = true;
      const [offset = 0n] = await control.append([{ subject, value: { ...rule, auditId: audit.auditId } }]);
      return offset;
    });
};

/**
 * Writes what a process has suspended by itself to the control topic, for all others and for those that come later. It
 * is repeated until it is written: the process obeys its own suspension meanwhile. Answers the offset where it stands;
 * undefined when it stands nowhere: the process stops, or no repeat would help (which is logged as an error).
 */
export const announceSuspension = async (
  parts: SuspensionParts,
  rule: PauseRule,
): Promise<bigint | undefined> => {
  const subject = subjectOfRule(rule);
  try {
    return await insist(parts, `tell all processes of ${subject}`, writer(parts, rule));
  } catch (error) {
    if (!isEsteiraError(error)) throw error;
    if (error.code !== 'ESTEIRA_CLOSED')
      parts.log.error('a suspension could not be written: only this process obeys it', {
        ...{ subject, ...factsOf(error) },
      });
    return undefined;
  }
};
