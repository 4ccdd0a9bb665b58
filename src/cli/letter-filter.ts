import type { Command } from 'commander';
import type { DeadLetterFilter } from '../consumers/dead-letters/index.ts';
import { parseTime } from './arguments.ts';

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
    .option('--dead-reason <reason>', 'only those that died for this reason, such as attempts_exhausted')
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
