import {
  type PauseRule,
  type PauseTarget,
  resumeCommand,
  subjectOfRule,
  targetWords,
} from '../../core/control-rules.ts';
import type { Controls } from '../../core/controls.ts';
import { isGuarded } from '../../core/dead-letter-guard.ts';
import type { JobDefinition } from '../../core/job.ts';
import { type DeadReason, type ErrorSummary, GUARD_REASON } from '../../core/outcome.ts';
import type { StartControl } from '../control/start-control.ts';
import type { EngineParts } from '../engine-parts.ts';
import type { Entry } from '../entry.ts';
import type { Teller } from '../job-telling.ts';
import { type TellingParts, tellEvent } from '../tell-record.ts';
import { type Alarm, DeathWatch } from './death-watch.ts';

export interface LetterGuardParts extends TellingParts, Pick<EngineParts, 'clock' | 'log'> {
  readonly job: JobDefinition<unknown>;
  readonly teller: Teller;
  readonly control: Pick<StartControl, 'controls' | 'watch' | 'suspend'>;
}

/** Why an entry is about to die. */
export interface Dying {
  readonly reason: DeadReason;
  readonly error: Pick<ErrorSummary, 'code'>;
}

/** Who suspends, for the audit and for people. */
const ACTOR = 'dead-letter guard';
/** With so many tenants suspended one by one, the job type is. */
const TENANTS_FOR_ALL = 3;

/**
 * Keeps a job type from emptying its topics into its DLQ: when too much of it dies, it is paused, or a tenant's part of
 * it, until an operator lets it go on. The letter that is one too many is the last one of this process: what would die
 * after it is given back, with its attempt unspent. Each process counts for itself, and all obey the first.
 */
export class LetterGuard {
  readonly #parts: LetterGuardParts;
  /** Undefined where the job type has no guard. */
  readonly #watch: DeathWatch | undefined;
  /** What is suspended, by subject, with the entry by which this process found it, if it did. */
  #suspended = new Map<string, { readonly rule: PauseRule; readonly entry: Entry | undefined }>();
  #finding: Entry | undefined = undefined;

  constructor(parts: LetterGuardParts) {
    const { job, control } = parts;
    this.#parts = parts;
    this.#watch = job.deadLetterGuard && new DeathWatch(job.deadLetterGuard);
    if (this.#watch !== undefined) control.watch((controls) => this.#look(controls));
  }

  /** A job completed. */
  lived({ delivery }: Entry): void {
    if (this.#watch !== undefined && delivery.job.replayId === undefined) this.#watch.lived(delivery.tenant);
  }

  /** Whether an entry may become a dead letter; one that may not is to be given back, and waits. */
  mayDie(entry: Entry, dying: Dying): boolean {
    const { job, control } = this.#parts;
    const { tenant, job: copy } = entry.delivery;
    if (this.#watch === undefined || copy.replayId !== undefined || !isGuarded(dying.reason)) return true;
    if (control.controls.isGuarded(job.type, tenant)) return false;
    const alarm = this.#watch.died(tenant);
    if (alarm !== undefined) this.#suspend(entry, alarm, dying);
    return true;
  }

  #suspend(entry: Entry, alarm: Alarm, dying: Dying): void {
    const { job, control, clock, log } = this.#parts;
    const target = this.#targetOf(alarm);
    const { dead, of } = alarm;
    const many = dead === of ? `${dead} jobs in a row became` : `${dead} of the last ${of} jobs became`;
    const reason = `${many} dead letters, the last one for ${dying.reason} (${dying.error.code})`;
    log.error('starts are suspended by the dead-letter guard', {
      ...{ jobType: job.type, dead, of, deadReason: dying.reason, errorCode: dying.error.code },
      ...(target.what === 'tenant' ? { tenant: target.tenant } : {}),
      todo: `see what died (esteira dlq list --job-type ${job.type}), mend the cause, then: ${resumeCommand(target)}`,
    });
    this.#finding = entry;
    control.suspend({
      ...{ v: 1, kind: 'pause', target, guard: { dead, of }, atMs: clock.nowMs() },
      ...{ actor: ACTOR, reason, auditId: '' },
    });
    this.#finding = undefined;
  }

  /** One tenant, unless others of the job type were found before: then nobody knows of whom it is not so. */
  #targetOf({ tenant }: Alarm): PauseTarget {
    const { job, control } = this.#parts;
    const others = control.controls.guarded(job.type).length;
    return tenant === undefined || others + 1 >= TENANTS_FOR_ALL
      ? { what: 'type', jobType: job.type }
      : { what: 'tenant', tenant, jobType: job.type };
  }

  /** What is suspended now, here or by another process, and what is not any more. */
  #look(controls: Controls): void {
    const now = new Map(controls.guarded(this.#parts.job.type).map((rule) => [subjectOfRule(rule), rule]));
    const before = this.#suspended;
    this.#suspended = new Map();
    for (const [subject, rule] of now) {
      const known = before.get(subject);
      this.#suspended.set(subject, { rule, entry: known?.entry ?? this.#finding });
      if (known === undefined && this.#finding !== undefined)
        this.#tell('job.suspended', rule, this.#finding);
    }
    for (const [subject, { rule, entry }] of before) {
      if (now.has(subject)) continue;
      this.#watch?.forget(rule.target.what === 'tenant' ? rule.target.tenant : undefined);
      this.#parts.log.info('starts go on: the dead-letter guard counts anew', {
        what: targetWords(rule.target),
      });
      if (entry !== undefined) this.#tell('job.resumed', rule, entry);
    }
  }

  #tell(type: 'job.suspended' | 'job.resumed', { target, guard, atMs }: PauseRule, entry: Entry): void {
    const { teller, clock } = this.#parts;
    const event = teller.of(entry.delivery, type, `dead-letter-guard:${atMs}`, clock.nowMs(), {
      reason: GUARD_REASON,
      dimensions: { scope: target.what === 'tenant' ? 'tenant' : 'type' },
      metrics: { dead: guard?.dead ?? 0, of: guard?.of ?? 0 },
    });
    tellEvent(this.#parts, entry, event);
  }
}
