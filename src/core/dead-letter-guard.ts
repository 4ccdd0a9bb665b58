import { EsteiraError } from './errors.ts';
import type { DeadReason } from './outcome.ts';
import { positive } from './positive.ts';
import type { Problems } from './problems.ts';

/** When a job type that sends too much to its DLQ is suspended. */
export interface DeadLetterGuardOptions {
  /** Above this share of dead ones among the last `of`, from 0 to 1; default 0.5. */
  readonly ratio?: number;
  /** How many of the last decisions (completed or dead) the share is taken of; below so many none is taken. Default 200. */
  readonly of?: number;
  /** So many dead ones in a row, of the job type or of one tenant; at most `of`. Default 100, or `of` if that is less. */
  readonly run?: number;
}

/** {@link DeadLetterGuardOptions}, worked out. */
export type DeadLetterGuardPolicy = Required<DeadLetterGuardOptions>;

const DEFAULTS: DeadLetterGuardPolicy = { ratio: 0.5, of: 200, run: 100 };

const share = (value: number, where: string): number => {
  if (value > 0 && value <= 1) return value;
  throw new EsteiraError(
    'ESTEIRA_DEFINITION_INVALID',
    `${where} is ${value}: give more than 0 and at most 1`,
  );
};

/** For programs that are not type-checked. */
const isPlain = (options: unknown): boolean => typeof options === 'object' && options !== null;

/** Works out the guard of a job type; undefined where it has none. What is wrong goes to `problems`. */
export const resolveDeadLetterGuard = (
  options: DeadLetterGuardOptions | false | undefined,
  where: string,
  problems: Problems,
): DeadLetterGuardPolicy | undefined => {
  if (options === false) return undefined;
  const at = `${where}: deadLetterGuard`;
  if (options !== undefined && !isPlain(options)) {
    problems.add(`${at} is ${JSON.stringify(options)}: give { ratio, of, run }, or false for none`);
    return undefined;
  }
  const { ratio = DEFAULTS.ratio, of = DEFAULTS.of } = options ?? {};
  const run = options?.run ?? Math.min(DEFAULTS.run, of);
  if (run > of) {
    problems.add(`${at}: run is ${run}, but only the last ${of} decisions are looked at: give a larger of`);
  }
  return {
    ratio: problems.check(() => share(ratio, `${at}.ratio`), DEFAULTS.ratio),
    of: problems.check(() => positive(of, `${at}.of`), DEFAULTS.of),
    run: problems.check(() => positive(run, `${at}.run`), DEFAULTS.run),
  };
};

/**
 * What says nothing of what is wrong now: the age an app itself has set, letters that follow another, records of nobody
 * the directory knows (they reach no handler, and share one name), and replays, whose canary has a stop of its own.
 */
const UNCOUNTED: ReadonlySet<DeadReason> = new Set<DeadReason>([
  'max_age',
  'behind_dead_letter',
  'tenant_unresolved',
  'replay_limit',
]);

/** Whether a death for this reason counts for the guard, and is held back while it has suspended the job type. */
export const isGuarded = (reason: DeadReason): boolean => !UNCOUNTED.has(reason);
