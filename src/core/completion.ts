import { type Duration, durationMs } from './duration.ts';
import type { PayloadContract } from './payload.ts';
import { checkPriority, type Trigger } from './trigger.ts';

/** What is needed of a job type to follow it. */
export interface Followed<P> {
  readonly type: string;
  readonly payload?: PayloadContract<P>;
  readonly triggers: readonly Trigger<P>[];
}

/** The completion of another job type, which a job type follows. Made by {@link completed}. */
export interface Completion<P> {
  /** The job type that is followed. */
  readonly parent: string;
  readonly delayMs: number;
  readonly priority: number;
  /** How the payload can travel where it is the parent's own; undefined where it is mapped, or nothing is known. */
  readonly contract: PayloadContract<unknown> | undefined;
  /** Maps the parent's payload to the follower's; must be pure: it runs again when a completion is delivered again. */
  map(payload: unknown): P;
  /** Whether the follower is wanted; must be pure. */
  when(payload: unknown): boolean;
}

export interface CompletionOptions<Q, P> {
  /** Makes the follower's payload of the parent's, as it was given to its handler. Pure. Default: the same payload. */
  readonly map?: (payload: Q) => P;
  /** Whether a completion is followed. Pure. Default: always. */
  readonly when?: (payload: Q) => boolean;
  /** How long after the completion the follower may start; default none. */
  readonly delay?: Duration;
  /** 1 (first) to 10; default 5. 1 to 3 start ahead of a backlog, where the follower has a high lane. */
  readonly priority?: number;
}

/** How the payloads of a job type can travel once more: as its dispatches do, else as the one event it listens to. */
const contractOf = ({ payload, triggers }: Followed<unknown>): PayloadContract<unknown> | undefined => {
  if (payload !== undefined) return payload;
  const [only, another] = triggers;
  if (only === undefined || another !== undefined || only.mapped) return undefined;
  return { avro: only.event.contract, check: only.event.check };
};

/**
 * The completion of `parent`, to stand in `after` of the job type that follows it. Jobs that are skipped, cancelled or
 * dead are not followed.
 *
 * @throws EsteiraError ESTEIRA_DEFINITION_INVALID
 */
export const completed = <Q, P = Q>(
  parent: Followed<Q>,
  options: CompletionOptions<Q, P> = {},
): Completion<P> => {
  const { map, when } = options;
  const where = `completion of ${parent.type}`;
  return {
    parent: parent.type,
    delayMs: durationMs(options.delay ?? 0, `${where}: delay`),
    priority: checkPriority(options.priority ?? 5, where),
    contract: map === undefined ? contractOf(parent) : undefined,
    // The engine hands over only payloads of the parent.
    map: (payload) => (map === undefined ? (payload as P) : map(payload as Q)),
    when: (payload) => when === undefined || when(payload as Q),
  };
};

/** The payload contract of a job type that says none: that of the one it follows, where it takes its payload as it is. */
export const inheritedContract = <P>(
  after: readonly Completion<P>[],
  triggers: readonly Trigger<P>[],
): PayloadContract<P> | undefined => {
  const [only, another] = after;
  if (only === undefined || another !== undefined || triggers.length > 0) return undefined;
  // It carries what `map` gives: without one of its own, the parent's payload.
  return only.contract as PayloadContract<P> | undefined;
};
