import type { Clock } from '../../core/clock.ts';
import { type ControlRule, isRuleSubject, readRule } from '../../core/control-rules.ts';
import { Controls } from '../../core/controls.ts';
import { EsteiraError } from '../../core/errors.ts';
import { names } from '../../core/names.ts';
import type { BrokerAdmin } from '../../core/ports/broker.ts';
import type { Log } from '../../core/ports/log.ts';
import { type ControlEntry, ControlReader } from './control-reader.ts';

export interface ControlFollowerParts {
  /** The app's name. */
  readonly ns: string;
  readonly admin: BrokerAdmin;
  readonly clock: Clock;
  readonly log: Log;
  /** The rules as they stand: told at each change, and before `openControlFollower` resolves where there are any. */
  readonly onChange: (controls: Controls) => void;
  /** How often the topic is looked at, ms; default 1 s. */
  readonly everyMs?: number;
  /** How long the first reading may take, ms; default 30 s. */
  readonly firstReadMs?: number;
}

/** Keeps a process obedient to the control topic. */
export interface ControlFollower {
  /** The offset behind the last record that was read. */
  readonly position: bigint;
  /** What is wrong, for readiness: the topic could not be read for a while, so the rules may be old. */
  status(): readonly string[];
  /** Stops looking. Safe to call twice. */
  close(): void;
}

const EVERY_MS = 1_000;
const FIRST_READ_MS = 30_000;
/** Without a look for so long, the process says that its rules may be old. */
const OLD_AFTER_MS = 10_000;

/** Tells each record that is none of our rules once: what this version does not know must not be passed over in silence. */
class RuleReader {
  readonly #log: Log;
  readonly #told = new Set<string>();

  constructor(log: Log) {
    this.#log = log;
  }

  read(entries: ReadonlyMap<string, ControlEntry>): Controls {
    const rules: ControlRule[] = [];
    for (const { subject, value, offset } of entries.values()) {
      const rule = readRule(subject, value);
      if ('kind' in rule) rules.push(rule);
      else this.#tell(subject, rule.problem, String(offset));
    }
    return new Controls(rules);
  }

  #tell(subject: string, problem: string, offset: string): void {
    const what = `${subject}@${offset}`;
    if (this.#told.has(what)) return;
    this.#told.add(what);
    this.#log.warn('a record of the control topic is no rule this version knows, and is not obeyed', {
      ...{ subject, problem, offset },
    });
  }
}

/** The rules among what was read. */
export const rulesOf = (entries: ReadonlyMap<string, ControlEntry>, log: Log): Controls =>
  new RuleReader(log).read(entries);

class TopicFollower implements ControlFollower {
  readonly #parts: ControlFollowerParts;
  readonly #reader: ControlReader;
  readonly #rules: RuleReader;
  #lookedAtMs: number;
  #isFailing = false;
  #isClosed = false;
  #cancel: () => void = () => undefined;

  constructor(parts: ControlFollowerParts) {
    const { ns, admin, log, clock } = parts;
    this.#parts = parts;
    this.#reader = new ControlReader({ topic: names.control(ns), admin, log, keeps: isRuleSubject });
    this.#rules = new RuleReader(log);
    this.#lookedAtMs = clock.nowMs();
  }

  /** Reads to the end before anything starts. */
  async first(): Promise<void> {
    const { clock, ns, firstReadMs = FIRST_READ_MS } = this.#parts;
    const late = new EsteiraError(
      'ESTEIRA_SERVICE_UNREACHABLE',
      `the control topic ${names.control(ns)} could not be read within ${firstReadMs} ms, so nobody knows what is paused: look whether Kafka is well, and start again`,
      { facts: { topic: names.control(ns) } },
    );
    const hasRules = await new Promise<boolean>((resolve, reject) => {
      const cancel = clock.after(firstReadMs, () => reject(late));
      this.#reader.look(clock.nowMs()).then(resolve, reject).finally(cancel);
    });
    this.#looked(hasRules);
    this.#arm();
  }

  get position(): bigint {
    return this.#reader.position;
  }

  status(): readonly string[] {
    const oldMs = this.#parts.clock.nowMs() - this.#lookedAtMs;
    return oldMs > OLD_AFTER_MS ? ['control topic unread: rules may be old'] : [];
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel();
  }

  #arm(): void {
    if (this.#isClosed) return;
    const { clock, everyMs = EVERY_MS } = this.#parts;
    this.#cancel = clock.after(everyMs, () => void this.#look());
  }

  /** What fails is tried again at the next look: until then the rules that are known hold. */
  async #look(): Promise<void> {
    try {
      this.#looked(await this.#reader.look(this.#parts.clock.nowMs()));
    } catch (error) {
      this.#failed(error);
    }
    this.#arm();
  }

  #looked(changed: boolean): void {
    if (this.#isClosed) return;
    this.#lookedAtMs = this.#parts.clock.nowMs();
    if (this.#isFailing) this.#parts.log.info('the control topic can be read again');
    this.#isFailing = false;
    if (!changed) return;
    const controls = this.#rules.read(this.#reader.entries);
    this.#parts.log.info('rules of operators have changed', { rules: controls.rules.length });
    this.#parts.onChange(controls);
  }

  #failed(error: unknown): void {
    if (this.#isClosed || this.#isFailing) return;
    this.#isFailing = true;
    this.#parts.log.warn('the control topic cannot be read: the rules known so far hold', {
      error: error instanceof Error ? error.message : String(error),
    });
  }
}

/**
 * Reads the control topic to its end, then follows it. A change is obeyed within about a second.
 *
 * @throws EsteiraError ESTEIRA_SERVICE_UNREACHABLE (not read in time), ESTEIRA_TOPICS_DIFFER, ESTEIRA_BROKER_UNAVAILABLE
 */
export const openControlFollower = async (parts: ControlFollowerParts): Promise<ControlFollower> => {
  const follower = new TopicFollower(parts);
  try {
    await follower.first();
  } catch (error) {
    follower.close();
    throw error;
  }
  return follower;
};
