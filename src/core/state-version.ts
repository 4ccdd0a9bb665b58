import { UnrecoverableError } from './handler-errors.ts';

/** Versions of a state: whole numbers that only grow. */
type Version = number | bigint;

/** Keeps a job from acting on a state that has gone on since; `Context` is what a handler is given. */
export interface VersionOptions<P, Context> {
  /** The version of the state that the payload is about, such as `(order) => order.version`. */
  readonly of: (payload: P) => Version;
  /** The version that state has now; undefined when there is none yet. Asked before each attempt. */
  readonly current: (payload: P, ctx: Context) => Version | undefined | PromiseLike<Version | undefined>;
}

/** Asked before each attempt: whether the job still makes sense. */
type Precondition<P, Context> = (payload: P, ctx: Context) => boolean | PromiseLike<boolean>;

const checked = (version: unknown, what: string): Version => {
  if (typeof version === 'bigint' || (typeof version === 'number' && Number.isFinite(version)))
    return version;
  throw new UnrecoverableError(`${what} gave no number: nobody could say what is older`);
};

const isCurrent = async <P, Context>(
  { of, current }: VersionOptions<P, Context>,
  payload: P,
  ctx: Context,
): Promise<boolean> => {
  const own = checked(of(payload), 'version.of');
  const now = await current(payload, ctx);
  return now === undefined || checked(now, 'version.current') <= own;
};

/** The attempts that were too late for the state they are about. */
const stale = new WeakSet<object>();

/** Whether the precondition of an attempt said no because the state has a newer version; asked with its context. */
export const isStale = (ctx: object): boolean => stale.has(ctx);

/**
 * What a job type asks before each attempt, out of its options: first that its version is not older than the current
 * one, then `shouldRun`. Undefined where it asks nothing.
 */
export const preconditionOf = <P, Context extends object>(
  shouldRun: Precondition<P, Context> | undefined,
  version: VersionOptions<P, Context> | undefined,
): Precondition<P, Context> | undefined => {
  if (version === undefined) return shouldRun && ((payload, ctx) => shouldRun(payload, ctx));
  return async (payload, ctx) => {
    if (!(await isCurrent(version, payload, ctx))) {
      stale.add(ctx);
      return false;
    }
    return shouldRun === undefined || shouldRun(payload, ctx);
  };
};
