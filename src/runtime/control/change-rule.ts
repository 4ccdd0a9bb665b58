import { systemClock } from '../../core/clock.ts';
import { type ControlRule, isRuleSubject, readRule } from '../../core/control-rules.ts';
import type { Log } from '../../core/ports/log.ts';
import type { Backend } from '../backend.ts';
import { type AuditParts, auditOf, requireWho, type Who, writeAudits } from './audited.ts';
import { type ControlLog, openControlLog } from './control-log.ts';

export interface ControlParts extends AuditParts {
  readonly log: Log;
}

/** What an operator asks for. */
export interface ControlRequest extends Who {
  /** False (the default) only says what would be done. */
  readonly run?: boolean;
  /** Epoch ms. */
  readonly nowMs: number;
}

/** What became of a request, or would. */
export interface ControlChange {
  readonly subject: string;
  readonly outcome: 'would_set' | 'set' | 'would_clear' | 'cleared' | 'unchanged' | 'refused';
  readonly detail: string;
  /** What stood before, and what stands now or would. */
  readonly before: ControlRule | null;
  readonly after: ControlRule | null;
}

type Unsaid<T> = T extends unknown ? Omit<T, 'v' | 'atMs' | 'actor' | 'reason' | 'auditId'> : never;

/** A rule without who made it and when. */
export type RuleDraft = Unsaid<ControlRule>;

/** A change of one rule, not yet made. */
export interface Wanted {
  /** Such as `control.pause`. */
  readonly action: string;
  readonly subject: string;
  /** Undefined takes the rule away. */
  readonly draft: RuleDraft | undefined;
  /** Empty where none is concerned. */
  readonly tenantId: string;
  /** What it means, for people. */
  readonly detail: string;
  /** Further facts for the audit. */
  readonly facts?: Readonly<Record<string, string>>;
}

/** Where a control log is. */
export interface ControlLogSource {
  readonly app: { readonly name: string };
  readonly backend: Pick<Backend, 'broker'>;
  readonly log: Log;
}

/** Runs work on the rules of the control log, and closes it. */
export const withControlLog = async <T>(
  { app, backend, log }: ControlLogSource,
  work: (control: ControlLog) => Promise<T>,
): Promise<T> => {
  const control = await openControlLog({
    ...{ ns: app.name, broker: backend.broker, clock: systemClock, log },
    keeps: isRuleSubject,
  });
  try {
    return await work(control);
  } finally {
    await control.close();
  }
};

/** The rule that stands under a subject; undefined where none does that this version knows. */
export const standingRule = async (
  control: ControlLog,
  subject: string,
): Promise<ControlRule | undefined> => {
  const entry = (await control.read(subject)).get(subject);
  const rule = entry === undefined ? undefined : readRule(subject, entry.value);
  return rule !== undefined && 'kind' in rule ? rule : undefined;
};

/** What a rule says besides who made it. */
export const bareOf = (rule: ControlRule | RuleDraft | undefined): string => {
  if (rule === undefined) return 'none';
  const { v: _, atMs: __, actor: ___, reason: ____, auditId: _____, ...bare } = { ...NOBODY, ...rule };
  return JSON.stringify(bare);
};

const NOBODY = { v: 1, atMs: 0, actor: '', reason: '', auditId: '' } as const;

const outcomeOf = (wanted: Wanted, run: boolean): ControlChange['outcome'] => {
  if (wanted.draft === undefined) return run ? 'cleared' : 'would_clear';
  return run ? 'set' : 'would_set';
};

/**
 * Sets a rule or takes it away: a dry run unless `run` is true; audited, with acknowledgement, before it is written.
 * Workers obey within about a second of the acknowledgement.
 *
 * @throws EsteiraError ESTEIRA_USAGE (no actor, no reason), ESTEIRA_AUDIT_UNAVAILABLE (nothing was changed),
 *   ESTEIRA_PUBLISH_UNKNOWN (audited; look with `controlRules` what stands), ESTEIRA_TOPICS_DIFFER,
 *   ESTEIRA_BROKER_UNAVAILABLE
 */
export const changeRule = (
  parts: ControlParts,
  request: ControlRequest,
  wanted: Wanted,
): Promise<ControlChange> => {
  const { actor, reason, run = false, nowMs } = request;
  requireWho(wanted.action, request);
  return withControlLog(parts, async (control) => {
    const before = await standingRule(control, wanted.subject);
    const shared = { subject: wanted.subject, before: before ?? null };
    if (bareOf(before) === bareOf(wanted.draft)) {
      const detail = wanted.draft === undefined ? 'nothing of the kind stands' : 'it stands already';
      return { ...shared, outcome: 'unchanged', detail, after: before ?? null };
    }
    const audit = auditOf(parts.identity, {
      ...{ action: wanted.action, actor, reason, subject: wanted.subject, tenantId: wanted.tenantId },
      details: { ...wanted.facts, before: bareOf(before), after: bareOf(wanted.draft) },
      atMs: nowMs,
    });
    const said = {
      v: 1,
      atMs: nowMs,
      actor: audit.actor,
      reason: audit.reason,
      auditId: audit.auditId,
    } as const;
    const after: ControlRule | undefined =
      wanted.draft === undefined ? undefined : { ...wanted.draft, ...said };
    if (run) {
      await writeAudits(parts, [audit], { subject: wanted.subject });
      await control.append([{ subject: wanted.subject, value: after ?? null }]);
    }
    return { ...shared, outcome: outcomeOf(wanted, run), detail: wanted.detail, after: after ?? null };
  });
};

/** A request that a guard does not allow. */
export const refusedChange = (subject: string, detail: string): ControlChange => ({
  ...{ subject, outcome: 'refused', detail, before: null, after: null },
});
