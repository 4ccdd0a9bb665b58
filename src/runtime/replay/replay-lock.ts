import { jobOfDeadLetterTopic } from '../../consumers/dead-letters/index.ts';
import { randomId } from '../../core/ids.ts';
import { names } from '../../core/names.ts';
import type { ControlEntry } from '../control/control-log.ts';
import { LockValue, type PlanValue, subjects } from './control-values.ts';
import { policyOf, type ReplayParts, refused } from './replay-parts.ts';

/** A claim to the replays of job types, held by one runner of all there are. */
export interface ReplayLock {
  readonly runner: string;
  /** Grows from one holder to the next. */
  readonly fence: bigint;
  /** Whether it is certain that nobody else may write now; asked before each record. Never becomes true again. */
  holds(): boolean;
  /** Takes the claims away. */
  release(): Promise<void>;
}

/** A claim as it stands on the control topic. */
interface Claim {
  readonly entry: ControlEntry;
  readonly value: LockValue;
  /** Offset of its first writing: the lower one came first. */
  readonly fence: bigint;
}

const parseClaim = (entry: ControlEntry): readonly Claim[] => {
  const parsed = LockValue.safeParse(entry.value);
  if (!parsed.success) return [];
  const { since } = parsed.data;
  return [{ entry, value: parsed.data, fence: since === undefined ? entry.offset : BigInt(since) }];
};

/** The claims to a topic that no later one has taken over, the first first. */
const standing = async (
  { control }: Pick<ReplayParts, 'control'>,
  topic: string,
): Promise<readonly Claim[]> => {
  const claims = [...(await control.read(subjects.locks(topic))).values()].flatMap(parseClaim);
  const over = new Set(claims.flatMap(({ value }) => value.over));
  return claims.filter(({ value }) => !over.has(value.runner)).sort((a, b) => (a.fence < b.fence ? -1 : 1));
};

const isLive = ({ entry, value }: Claim, nowMs: number): boolean => entry.timestampMs + value.leaseMs > nowMs;

/** Written by a clock so far ahead of this one that its lease says nothing: whoever wrote it may be dead for long. */
const isOfTheFuture = ({ entry, value }: Claim, nowMs: number): boolean =>
  entry.timestampMs > nowMs + value.leaseMs;

/** Who holds a DLQ, for people. */
export interface LockHolder {
  readonly planId: string;
  readonly actor: string;
  readonly host: string;
  readonly runner: string;
  readonly heardOfAt: string;
}

const holderOf = ({ value, entry }: Claim): LockHolder => ({
  ...{ planId: value.planId, actor: value.actor, host: value.host, runner: value.runner },
  heardOfAt: new Date(entry.timestampMs).toISOString(),
});

/** Who holds this DLQ and was heard of within its lease; undefined when nobody does. */
export const lockHolder = async (
  parts: Pick<ReplayParts, 'control' | 'clock'>,
  topic: string,
): Promise<LockHolder | undefined> => {
  const claim = (await standing(parts, topic)).find((one) => isLive(one, parts.clock.nowMs()));
  return claim === undefined ? undefined : holderOf(claim);
};

/** The topics whose claims a plan needs: whatever it reads, the DLQs of the job types whose inboxes it writes to. */
export const lockTopics = ({ app }: Pick<ReplayParts, 'app'>, { topics }: PlanValue): readonly string[] => [
  ...new Set(topics.map(({ jobType }) => names.deadLetters(app.name, jobType))),
];

const held = ({ app }: ReplayParts, topic: string, claim: Claim) => {
  const { planId, actor, host, heardOfAt } = holderOf(claim);
  const leaseSeconds = Math.ceil(claim.value.leaseMs / 1_000);
  const job = jobOfDeadLetterTopic(app, topic);
  return refused(
    `${job === undefined ? topic : `job type ${job.type}`} is being replayed by ${actor} on ${host} (plan ${planId}, heard of at ${heardOfAt}): one run at a time; the claim of a run that has died ends ${leaseSeconds} s after it was heard of last`,
    { topic, holder: actor, planId, host, heardOfAt },
  );
};

const pause = ({ clock }: Pick<ReplayParts, 'clock'>, ms: number): Promise<void> =>
  new Promise((resolve) => clock.after(ms, resolve));

/**
 * The claims that have run out. By the clock of its writer a claim may look older than it is, or from the future, so one
 * that seems to have run out, or says nothing, is watched for a while: only one that does not move is dead.
 *
 * @throws EsteiraError ESTEIRA_REPLAY_REFUSED naming the holder of one that lives
 */
const runOut = async (parts: ReplayParts, topics: readonly string[]): Promise<readonly string[]> => {
  const seen = new Map<string, bigint>();
  for (const topic of topics) {
    for (const claim of await standing(parts, topic)) {
      const nowMs = parts.clock.nowMs();
      if (isLive(claim, nowMs) && !isOfTheFuture(claim, nowMs)) throw held(parts, topic, claim);
      seen.set(claim.entry.subject, claim.entry.offset);
    }
  }
  if (seen.size === 0) return [];
  await pause(parts, policyOf(parts).observeMs);
  const dead: string[] = [];
  for (const topic of topics) {
    for (const claim of await standing(parts, topic)) {
      if (seen.get(claim.entry.subject) !== claim.entry.offset) throw held(parts, topic, claim);
      dead.push(claim.value.runner);
    }
  }
  return [...new Set(dead)];
};

class Lock implements ReplayLock {
  readonly runner = randomId();
  readonly #parts: ReplayParts;
  readonly #topics: readonly string[];
  readonly #value: Omit<LockValue, 'since'>;
  #fences: readonly bigint[] = [];
  /** When the last renewal that was acknowledged was begun, epoch ms. */
  #renewedAtMs = 0;
  #isLost = true;
  #cancel = (): void => undefined;
  #renewing: Promise<void> = Promise.resolve();

  constructor(parts: ReplayParts, planId: string, topics: readonly string[], over: readonly string[]) {
    this.#parts = parts;
    this.#topics = topics;
    this.#value = {
      ...{ v: 1, kind: 'replay.lock', planId, runner: this.runner, leaseMs: policyOf(parts).leaseMs },
      ...{ actor: parts.operator.name, host: parts.service.host, over: [...over] },
    };
  }

  get fence(): bigint {
    return this.#fences[0] ?? 0n;
  }

  /** Half the lease is left for a clock that stood still, and for what is on its way to the broker. */
  holds(): boolean {
    const { clock } = this.#parts;
    if (clock.nowMs() - this.#renewedAtMs >= this.#value.leaseMs / 2) this.#isLost = true;
    return !this.#isLost;
  }

  async claim(): Promise<void> {
    this.#renewedAtMs = this.#parts.clock.nowMs();
    this.#fences = await this.#append(this.#topics.map(() => this.#value));
    this.#isLost = false;
    for (const topic of this.#topics) {
      const [first] = await standing(this.#parts, topic);
      if (first === undefined || first.value.runner === this.runner) continue;
      await this.release();
      throw held(this.#parts, topic, first);
    }
    await this.#takeAwayDead();
    this.#planRenewal();
  }

  async release(): Promise<void> {
    this.#isLost = true;
    this.#cancel();
    // A renewal on its way would bring the claim back.
    await this.#renewing;
    await this.#append(this.#topics.map(() => null));
  }

  /** Their runners have lost by this claim; nobody has to watch them again. */
  async #takeAwayDead(): Promise<void> {
    const dead = this.#topics.flatMap((topic) =>
      this.#value.over.map((runner) => ({ subject: subjects.lock(topic, runner), value: null })),
    );
    if (dead.length > 0) await this.#parts.control.append(dead);
  }

  #append(values: readonly (LockValue | null)[]): Promise<readonly bigint[]> {
    const entries = this.#topics.map((topic, index) => ({
      subject: subjects.lock(topic, this.runner),
      value: values[index] ?? null,
    }));
    return this.#parts.control.append(entries);
  }

  #planRenewal(): void {
    if (this.#isLost) return;
    this.#cancel = this.#parts.clock.after(policyOf(this.#parts).heartbeatMs, () => {
      this.#renewing = this.#renew().then(
        () => this.#planRenewal(),
        // Nothing is certain while the log cannot be written: `holds` says so when half the lease is over.
        () => this.#planRenewal(),
      );
    });
  }

  async #renew(): Promise<void> {
    if (!this.holds()) return;
    const atMs = this.#parts.clock.nowMs();
    await this.#append(this.#fences.map((since) => ({ ...this.#value, since: String(since) })));
    for (const topic of this.#topics) {
      const claims = await standing(this.#parts, topic);
      if (!claims.some(({ value }) => value.runner === this.runner)) this.#isLost = true;
    }
    this.#renewedAtMs = atMs;
  }
}

/**
 * Claims the DLQ topics of job types for one run. Who comes first on the log holds them; a claim that is not renewed for its lease is taken
 * over, and its runner learns so before it writes again.
 *
 * @throws EsteiraError ESTEIRA_REPLAY_REFUSED: another run holds one of them, which is named
 */
export const takeReplayLock = async (
  parts: ReplayParts,
  planId: string,
  topics: readonly string[],
): Promise<ReplayLock> => {
  const sorted = [...topics].sort();
  const lock = new Lock(parts, planId, sorted, await runOut(parts, sorted));
  await lock.claim();
  return lock;
};
