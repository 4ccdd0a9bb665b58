import {
  type DeadLetterGuardOptions,
  type DeadLetterGuardPolicy,
  resolveDeadLetterGuard,
} from './dead-letter-guard.ts';
import { type Duration, durationMs, durationName, lastingMs } from './duration.ts';
import type { Problems } from './problems.ts';
import { attemptProblems, delayProblems } from './retention.ts';
import type { RetryPolicy } from './retry-policy.ts';

/** Keeps jobs of a tenant from running at once, also of different types, on different topics, in different processes. */
export interface LockOptions<P> {
  /** What is locked, within the job's tenant and the app: a name, or made of the payload, such as the kind of operation. */
  readonly key: string | ((payload: P) => string);
  /** How long the lock outlives a process that dies; renewed while the job runs. Default: the job's lease. */
  readonly ttl?: Duration;
}

/** The options of a job type that say how it waits, and what it waits for. */
export interface JobPolicyOptions<P> {
  /** How often the claim of a running job is renewed; default a third of `lease`, and never above half of it. */
  readonly heartbeat?: Duration;
  /**
   * How long after its event or dispatch the job may still start; then it is a dead letter, `max_age`. Everything
   * counts: delays, retries, a queue that is full, a dependency that is down. Default: for ever.
   */
  readonly maxAge?: Duration;
  /** How long it may wait for its turn; default what its queue says. */
  readonly queueTimeout?: Duration;
  /** Ordered types: a failing job due within this time waits in memory, before its followers; default 2 s. */
  readonly holdFor?: Duration;
  /** Ordered types: whether a dead letter lets its followers run, or makes them dead letters too; default `continue`. */
  readonly afterDead?: 'continue' | 'hold';
  /** A job that runs longer lets its partition go on without it; default 60 s. */
  readonly detachAfter?: Duration;
  /** Default none. */
  readonly lock?: LockOptions<P>;
  /**
   * Suspends the job type, or a tenant's part of it, when too much of it dies, until an operator lets it go on. Default
   * on; `false` for none.
   */
  readonly deadLetterGuard?: DeadLetterGuardOptions | false;
}

/** A lock worked out. */
export interface JobLock<P> {
  readonly ttlMs: number;
  key(payload: P): string;
}

/** How a job type waits, worked out. */
export interface JobPolicy {
  readonly heartbeatMs: number;
  readonly maxAgeMs?: number;
  readonly queueTimeoutMs?: number;
  readonly holdForMs: number;
  readonly afterDead: 'continue' | 'hold';
  readonly detachAfterMs: number;
  /** Undefined: none. */
  readonly deadLetterGuard?: DeadLetterGuardPolicy;
}

/** What else is known of the job type, against which its policy is held. */
export interface PolicySurroundings {
  readonly where: string;
  readonly ordered: boolean;
  readonly retry: RetryPolicy;
  readonly triggers: readonly { readonly event: { readonly type: string }; readonly delayMs: number }[];
  readonly leaseMs: number;
  readonly attemptTimeoutMs?: number;
}

const HEARTBEATS_PER_LEASE = 3;

/** Works out how a job type waits; what is wrong, also between its options, goes to `problems`. */
export const resolveJobPolicy = <P>(
  options: JobPolicyOptions<P>,
  around: PolicySurroundings,
  problems: Problems,
): JobPolicy & { readonly lock?: JobLock<P> } => {
  const { where, leaseMs } = around;
  const lasting = (name: string, given: Duration | undefined, otherwise: number): number =>
    given === undefined ? otherwise : problems.check(() => lastingMs(given, `${where}: ${name}`), otherwise);
  const { maxAge, queueTimeout, lock } = options;
  const deadLetterGuard = resolveDeadLetterGuard(options.deadLetterGuard, where, problems);
  const maxAgeMs = lasting('maxAge', maxAge, 0);
  const policy = {
    heartbeatMs: lasting('heartbeat', options.heartbeat, leaseMs / HEARTBEATS_PER_LEASE),
    holdForMs: problems.check(() => durationMs(options.holdFor ?? '2s', `${where}: holdFor`), 0),
    afterDead: options.afterDead ?? 'continue',
    detachAfterMs: lasting('detachAfter', options.detachAfter, 60_000),
    ...(maxAgeMs === 0 ? {} : { maxAgeMs }),
    ...(queueTimeout === undefined
      ? {}
      : { queueTimeoutMs: problems.check(() => durationMs(queueTimeout, `${where}: queueTimeout`), 0) }),
    ...(lock === undefined ? {} : { lock: lockOf(lock, lasting('lock.ttl', lock.ttl, leaseMs)) }),
    ...(deadLetterGuard === undefined ? {} : { deadLetterGuard }),
  };
  problems.addAll(contradictions(policy, around));
  if (options.holdFor !== undefined && policy.holdForMs > 0 && !around.ordered)
    problems.add(`${where}: holdFor is given, but order is "none": a failing job keeps nobody waiting`);
  return policy;
};

const lockOf = <P>({ key }: LockOptions<P>, ttlMs: number): JobLock<P> => ({
  ttlMs,
  key: (payload) => (typeof key === 'function' ? key(payload) : key),
});

/** What cannot be true together. Waits behind the last attempt are no contradiction: they are never used. */
const contradictions = (
  policy: JobPolicy & { readonly lock?: { readonly ttlMs: number } },
  { where, ordered, retry, triggers, leaseMs, attemptTimeoutMs }: PolicySurroundings,
): readonly string[] => {
  const { heartbeatMs, maxAgeMs, afterDead, lock } = policy;
  const tooShort = (what: string, ms: number): readonly string[] =>
    ms >= 2 * heartbeatMs
      ? []
      : [
          `${where}: ${what} is ${durationName(ms)}, shorter than two heartbeats of ${durationName(heartbeatMs)}: one that comes late would lose it while the job runs`,
        ];
  return [
    ...tooShort('lease', leaseMs),
    ...(lock === undefined || lock.ttlMs === leaseMs ? [] : tooShort('lock.ttl', lock.ttlMs)),
    ...attemptProblems(attemptTimeoutMs, where),
    ...retry.delaysMs.flatMap((delayMs) => delayProblems(delayMs, `${where}: a wait of retry.backoff`)),
    ...triggers.flatMap(({ event, delayMs }) => [
      ...delayProblems(delayMs, `${where}: the delay of its trigger on ${event.type}`),
      ...(maxAgeMs !== undefined && delayMs >= maxAgeMs
        ? [
            `${where}: maxAge is ${durationName(maxAgeMs)}, but its trigger on ${event.type} waits ${durationName(delayMs)}: no such job could start`,
          ]
        : []),
    ]),
    ...(afterDead === 'hold' && !ordered
      ? [`${where}: afterDead is "hold", but order is "none": a job has no followers to hold`]
      : []),
    ...(afterDead === 'hold' || afterDead === 'continue'
      ? []
      : [`${where}: afterDead is ${JSON.stringify(afterDead)}: give "continue" or "hold"`]),
  ];
};
