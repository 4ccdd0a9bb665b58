import type { Command } from 'commander';
import { type DeadLetterFilter, LETTER_STATES, type LetterState } from '../consumers/dead-letters/index.ts';
import { DEAD_REASONS } from '../core/outcome.ts';
import { oneOf, parseTime } from './arguments.ts';

/** The options that say which dead letters are meant. */
export interface LetterFilterOptions {
  readonly jobType?: string;
  readonly deadReason?: string;
  readonly errorCode?: string;
  readonly fingerprint?: string;
  readonly tenant?: string;
  readonly jobId?: string;
  readonly eventId?: string;
  readonly since?: number;
  readonly until?: number;
}

/** Adds the options that say which dead letters are meant. */
export const withLetterFilter = (command: Command): Command =>
  command
    .option('--job-type <type>', 'only of this job type')
    .option(
      '--dead-reason <reason>',
      'only those that died for this reason, such as attempts_exhausted',
      oneOf(DEAD_REASONS),
    )
    .option('--error-code <code>', 'only with this error')
    .option('--fingerprint <text>', 'only with errors of this cause')
    .option('--tenant <id>', 'only of this tenant')
    .option('--job-id <id>', 'only this job')
    .option('--event-id <id>', 'only from this event')
    .option('--since <time>', 'only dead since then: a time, or how long ago such as 2h', parseTime)
    .option('--until <time>', 'only dead before then', parseTime);

/** The filter that the options mean, and the job type. */
export const letterFilterOf = (
  options: LetterFilterOptions,
): { readonly filter: DeadLetterFilter; readonly jobType?: string } => {
  const { deadReason, errorCode, fingerprint, tenant, jobId, eventId, since, until, jobType } = options;
  const conditions = {
    reason: deadReason,
    errorCode,
    fingerprint,
    tenant,
    jobId,
    eventId,
    sinceMs: since,
    untilMs: until,
  };
  return {
    filter: Object.fromEntries(Object.entries(conditions).filter(([, value]) => value !== undefined)),
    ...(jobType === undefined ? {} : { jobType }),
  };
};

/** The options that say what must have become of a letter. */
export interface LetterStateOptions {
  readonly state?: readonly LetterState[];
  readonly all?: boolean;
}

const isState = (text: string): text is LetterState => LETTER_STATES.some((state) => state === text);

/** `open,shelved`. */
const parseStates = (text: string): readonly LetterState[] =>
  text.split(',').flatMap((one) => {
    const name = oneOf(LETTER_STATES)(one.trim());
    return isState(name) ? [name] : [];
  });

/** Adds the options that say what must have become of a letter. */
export const withLetterStates = (command: Command): Command =>
  command
    .option(
      '--state <states>',
      'only those of which this became: open, replayed, done, edited, discarded, shelved; several with commas',
      parseStates,
    )
    .option('--all', 'also discarded ones, which are left out otherwise');

/** The states that the options mean: all but `discarded` unless they say otherwise. */
export const letterStatesOf = ({ state, all }: LetterStateOptions): readonly LetterState[] =>
  state ?? (all === true ? LETTER_STATES : LETTER_STATES.filter((one) => one !== 'discarded'));
