import { type Completion, inheritedContract } from './completion.ts';
import { type CostOptions, type CostPolicy, resolveCost } from './cost.ts';
import { type Duration, lastingMs } from './duration.ts';
import { EsteiraError } from './errors.ts';
import type { EventDefinition } from './event.ts';
import { type InboxOptions, type InboxPolicy, resolveInboxes } from './inbox.ts';
import { type IsolateOptions, resolveIsolate } from './isolate.ts';
import { type JobLock, type JobPolicy, type JobPolicyOptions, resolveJobPolicy } from './job-policy.ts';
import { isKebabCase } from './names.ts';
import type { PayloadContract } from './payload.ts';
import type { Log } from './ports/log.ts';
import { positive } from './positive.ts';
import { Problems } from './problems.ts';
import type { ProgressFacts } from './progress.ts';
import type { ReportFacts, ReportSource } from './report.ts';
import { type RetryOptions, type RetryPolicy, resolveRetryPolicy } from './retry-policy.ts';
import { preconditionOf, type VersionOptions } from './state-version.ts';
import { type Trigger, trigger } from './trigger.ts';

/** `system`: technical upkeep; `orchestration`: a long process; `reactive`: answers an event; `ai`: embeds, measures, prepares. */
export const JOB_KINDS = ['system', 'orchestration', 'reactive', 'ai'] as const;

export type JobKind = (typeof JOB_KINDS)[number];

/** What a handler is given beside its payload. */
export interface JobContext {
  readonly jobId: string;
  readonly jobType: string;
  readonly tenant: string;
  /** Who set the job off; never who it runs as. */
  readonly userId?: string | undefined;
  readonly correlationId: string;
  readonly traceparent?: string | undefined;
  /** From 1. */
  readonly attempt: number;
  readonly maxAttempts: number;
  /** Starts of this job so far, this one included, also those whose process died. */
  readonly starts: number;
  /** One start. */
  readonly executionId: string;
  readonly idempotencyKey: string;
  /** Larger at every claim: give it to the sink, which refuses what is older than it has seen. */
  readonly fence: number;
  /**
   * Aborts on attempt time-out, on shutdown after the grace, and when the claim is lost. A handler that gives up must
   * throw (`signal.throwIfAborted()`): one that returns says that its work is done.
   */
  readonly signal: AbortSignal;
  /**
   * Tells how far the job is, as `job.progress`: at most once a second, the last report of each second, and always the
   * very last one. Resolves when the report is taken; it is durable before the job is settled. While telemetry cannot be
   * written, reports of many runs give way to newer ones of theirs; the last one of a run never does.
   *
   * @throws EsteiraError ESTEIRA_HANDLER_INVALID for what cannot be told, and after the run has ended.
   */
  readonly progress: (facts: ProgressFacts) => Promise<void>;
  /** When its event happened, or it was asked for; epoch ms. */
  readonly eventTimeMs: number;
  /**
   * Says something of the attempt as a whole, told on its `job.completed` or `job.failed`. A name said again has its last
   * value. A function is asked when the attempt ends, also when it fails.
   *
   * @throws EsteiraError ESTEIRA_HANDLER_INVALID for what cannot be told, and after the run has ended.
   */
  readonly report: (given: ReportFacts | ReportSource) => void;
  /**
   * Counts what costs, in kinds that the job type's `cost.per` prices; told as `cost.<kind>` and in `costMicros` of the
   * attempt's `job.completed` or `job.failed`. An attempt that dies with its process tells no cost.
   *
   * @throws EsteiraError ESTEIRA_HANDLER_INVALID for a kind without a price, a quantity below 0, and after the run has ended.
   */
  readonly addCost: (kind: string, quantity: number) => void;
  /**
   * Writes lines to the log of the process, each with what it takes to find it: job, tenant, user, correlation, attempt,
   * execution, and the active span. Plain facts only, redacted; an object is left out, as it may be a payload.
   */
  readonly log: Log;
}

/** Where a group starts that has no offsets, on topics that exist already. */
export type StartFrom = 'now' | 'beginning' | Date;

export interface JobOptions<P> extends JobPolicyOptions<P>, InboxOptions {
  /** Kebab-case, unique in the app. */
  readonly type: string;
  readonly kind: JobKind;
  /** Events that trigger it; absent for jobs that are only dispatched. */
  readonly on?: EventDefinition<P> | Trigger<P> | readonly (EventDefinition<P> | Trigger<P>)[];
  /**
   * Job types whose completion triggers it: `completed(other)`. It gets a job of its own for each of their jobs, never
   * one for all. Nothing is followed twice: a completion that is delivered again asks for the same job.
   */
  readonly after?: Completion<P> | readonly Completion<P>[];
  /** Needed to dispatch it, unless its payload is that of the one event it listens to, or of the one it follows. */
  readonly payload?: PayloadContract<P>;
  /** One of the app's `queues`; default `default`. */
  readonly queue?: string;
  readonly order: 'none' | 'key' | ((payload: P) => string);
  /** What makes two jobs of a tenant the same; default: the event's source and id. */
  readonly idempotencyKey?: (payload: P) => string;
  readonly retry?: RetryOptions;
  /** How long one attempt may run; default what its queue says, else `WORKER_DEFAULT_TIMEOUT_SECONDS`. */
  readonly attemptTimeout?: Duration;
  /** Most starts, those whose process died included; default attempts + 5. */
  readonly maxStarts?: number;
  /** Jobs of this type at once in one process; default: the cap of its queue, else the process's. */
  readonly concurrency?: number;
  /** How long a completed job is remembered; default 8 d. Must exceed topic retention + longest retry + replay window. */
  readonly doneTtl?: Duration;
  /** Lease of a claim, renewed at each `heartbeat`; default 30 s. */
  readonly lease?: Duration;
  /** Whether the job still makes sense, asked before each attempt; a job that does not is skipped. Default: it does. */
  readonly shouldRun?: (payload: P, ctx: JobContext) => boolean | PromiseLike<boolean>;
  /**
   * Skips a job about a state that has gone on since: one whose version is older than the current. It is asked before
   * the attempt and not while it runs, so a sink that must be sure compares versions itself. Default: not asked.
   */
  readonly version?: VersionOptions<P, JobContext>;
  /** Default `now`. */
  readonly startFrom?: StartFrom;
  /**
   * Runs the handler in a thread of its own, for what computes long: it holds nothing else up, and one that is deaf to
   * its signal is ended with its thread. Needs `start(app, { appModule })`, or the command line's `--app`. At once in
   * one process: `concurrency`, here by default the number of cores. Default false.
   */
  readonly isolate?: boolean | IsolateOptions;
  /** The name other documents use, e.g. `ProcessScheduledPostJob`; told in logs and telemetry. */
  readonly className?: string;
  /** Whether a dead letter of it calls for somebody at once: told by `esteira_job_info`, for alerts. Default false. */
  readonly critical?: boolean;
  /** What its attempts are estimated to cost; default: nothing is told. */
  readonly cost?: CostOptions;
  /**
   * Business dimensions that every event of its jobs has, such as `{ marketplace, category, region }`, at most 32; told
   * redacted, empty ones left out. Must be pure. Default none.
   */
  readonly dimensions?: (payload: P) => Readonly<Record<string, string | null | undefined>>;
  readonly run: (payload: P, ctx: JobContext) => unknown;
}

/** A job type, worked out and checked. Made by {@link defineJob}. */
export interface JobDefinition<P> extends JobPolicy, InboxPolicy {
  readonly type: string;
  readonly kind: JobKind;
  readonly triggers: readonly Trigger<P>[];
  /** What it follows. */
  readonly after: readonly Completion<P>[];
  readonly payload?: PayloadContract<P>;
  readonly queue: string;
  readonly ordered: boolean;
  readonly retry: RetryPolicy;
  readonly attemptTimeoutMs?: number;
  readonly maxStarts: number;
  readonly concurrency?: number;
  readonly doneTtlMs: number;
  readonly leaseMs: number;
  readonly startFrom: StartFrom;
  readonly className: string;
  /** Its thread; undefined for handlers that run in the process's own. */
  readonly isolate?: IsolateOptions;
  /** Excludes other jobs of the tenant while it runs. */
  readonly lock?: JobLock<P>;
  /** Whether a dead letter of it calls for somebody at once. */
  readonly critical: boolean;
  /** Undefined: nothing is told of cost. */
  readonly cost?: CostPolicy;
  /** What is wrong with it, one sentence each; `defineApp` refuses it, together with all that is wrong elsewhere. */
  readonly problems: readonly string[];
  /** Asked before each attempt; absent: it always runs. */
  shouldRun?(payload: P, ctx: JobContext): boolean | PromiseLike<boolean>;
  /** The key within which records stay in order; undefined for the record key, and for `order: 'none'`. */
  orderingKey(payload: P): string | undefined;
  /** Undefined for the default: the event's source and id. */
  idempotencyKey(payload: P): string | undefined;
  /** Dimensions of every event of a job; absent: none. */
  dimensions?(payload: P): Readonly<Record<string, string | null | undefined>>;
  run(payload: P, ctx: JobContext): unknown;
}

const toTriggers = <P>(on: JobOptions<P>['on']): readonly Trigger<P>[] => {
  if (on === undefined) return [];
  const list = Array.isArray(on) ? on : [on];
  return list.map((one: EventDefinition<P> | Trigger<P>) => ('event' in one ? one : trigger<P, P>(one)));
};

const toCompletions = <P>(after: JobOptions<P>['after']): readonly Completion<P>[] =>
  after === undefined ? [] : 'parent' in after ? [after] : after;

/** What it waits for when it begins: the delays of its triggers, and of what it follows. */
const delaysOf = <P>(triggers: readonly Trigger<P>[], after: readonly Completion<P>[]) => [
  ...triggers,
  ...after.map(({ parent, delayMs }) => ({ event: { type: `the completion of ${parent}` }, delayMs })),
];

const pascalCase = (type: string): string =>
  type.replaceAll(/(?:^|-)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** Order has no default, also for programs that are not type-checked. */
const checkOrder = (order: unknown, where: string): void => {
  if (order === 'none' || order === 'key' || typeof order === 'function') return;
  throw new EsteiraError(
    'ESTEIRA_DEFINITION_INVALID',
    `${where}: order is ${typeof order === 'string' ? JSON.stringify(order) : String(order)}: say 'none', 'key' (the record key), or a function of the payload`,
  );
};

const notKebabCase = (type: string): string =>
  `job type ${JSON.stringify(type)} is not kebab-case (such as send-receipt); other names go into className`;

const checkedRetry = <P>(options: JobOptions<P>, where: string, problems: Problems): RetryPolicy =>
  problems.check(() => resolveRetryPolicy(options.retry, where), resolveRetryPolicy());

/** Numbers and times that stand alone. */
const limitsOf = <P>(options: JobOptions<P>, attempts: number, where: string, problems: Problems) => {
  const { maxStarts = attempts + 5, concurrency, attemptTimeout } = options;
  return {
    maxStarts: problems.check(() => positive(maxStarts, `${where}: maxStarts`), maxStarts),
    doneTtlMs: problems.check(() => lastingMs(options.doneTtl ?? '8d', `${where}: doneTtl`), 1),
    leaseMs: problems.check(() => lastingMs(options.lease ?? '30s', `${where}: lease`), 30_000),
    ...(concurrency === undefined
      ? {}
      : { concurrency: problems.check(() => positive(concurrency, `${where}: concurrency`), 1) }),
    ...(attemptTimeout === undefined
      ? {}
      : { attemptTimeoutMs: problems.check(() => lastingMs(attemptTimeout, `${where}: attemptTimeout`), 1) }),
  };
};

/**
 * Defines a job type. It does not throw: what is wrong with it stands in `problems`, and {@link defineApp} refuses the
 * app with the problems of all its parts at once, so that they need not be found one start at a time.
 */
export const defineJob = <P>(options: JobOptions<P>): JobDefinition<P> => {
  const where = `job ${options.type}`;
  const problems = new Problems();
  const { type, order, idempotencyKey, run, dimensions } = options;
  const shouldRun = preconditionOf(options.shouldRun, options.version);
  if (!isKebabCase(type)) problems.add(notKebabCase(type));
  problems.check(() => checkOrder(order, where), undefined);
  const retry = checkedRetry(options, where, problems);
  const triggers = toTriggers(options.on);
  const after = toCompletions(options.after);
  const payload = options.payload ?? inheritedContract(after, triggers);
  const limits = limitsOf(options, retry.attempts, where, problems);
  const ordered = order !== 'none';
  const { lock, ...policy } = resolveJobPolicy(
    options,
    { where, ordered, retry, triggers: delaysOf(triggers, after), ...limits },
    problems,
  );
  const inboxes = resolveInboxes(options, { where, ordered, hasPayload: payload !== undefined }, problems);
  return {
    type,
    kind: options.kind,
    triggers,
    after,
    queue: options.queue ?? 'default',
    ordered,
    retry,
    ...limits,
    ...policy,
    ...inboxes,
    ...resolveIsolate(options.isolate, where, problems),
    ...resolveCost(options.cost, where, problems),
    startFrom: options.startFrom ?? 'now',
    critical: options.critical ?? false,
    className: options.className ?? `${pascalCase(type)}Job`,
    problems: problems.all,
    ...(payload === undefined ? {} : { payload }),
    ...(lock === undefined ? {} : { lock }),
    ...(shouldRun === undefined ? {} : { shouldRun }),
    ...(dimensions === undefined ? {} : { dimensions: (payload) => dimensions(payload) }),
    orderingKey: (payload) => (typeof order === 'function' ? order(payload) : undefined),
    idempotencyKey: (payload) => idempotencyKey?.(payload),
    run: (payload, ctx) => run(payload, ctx),
  };
};
