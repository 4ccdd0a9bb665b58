import type { JobEvent } from '../../core/generated/job-event.ts';
import type { Explanation } from './explanation.ts';
import { type JobEvidence, lastStep } from './job-evidence.ts';
import { lengthWords, timeWords } from './time-words.ts';

/** What an event says of its error, as words; empty when it says nothing. */
export const errorWords = ({ errorCode, errorMessage }: JobEvent): string => {
  if (errorCode === null) return '';
  return errorMessage === null || errorMessage === '' ? errorCode : `${errorCode}: ${errorMessage}`;
};

const completed = (last: JobEvent, { nowMs }: JobEvidence): Explanation => {
  const ran = last.runMs === null ? '' : `, after it had run for ${lengthWords(last.runMs)}`;
  return {
    state: 'completed',
    waitsFor: 'nothing',
    sinceMs: last.time,
    says: `It completed at ${timeWords(last.time, nowMs)} in attempt ${last.attempt} of ${last.maxAttempts}${ran}.`,
    todo: 'Nothing.',
  };
};

const dead = (last: JobEvent, { nowMs, deadLetter }: JobEvidence): Explanation => {
  const error = errorWords(last);
  const where = deadLetter ?? '<position>';
  return {
    state: 'dead',
    waitsFor: 'operator',
    sinceMs: last.time,
    says:
      `It died at ${timeWords(last.time, nowMs)}: ${last.reason ?? 'no reason was told'}, in attempt ${last.attempt} of ${last.maxAttempts}` +
      `${error === '' ? '' : `; the last error was ${error}`}. ` +
      (deadLetter === undefined ? 'Its dead letter was not found.' : `Its dead letter is ${deadLetter}.`),
    todo: `It runs no more by itself: see \`esteira dlq show ${where}\`, mend the cause, then \`esteira dlq replay ${where}\`.`,
  };
};

const SKIPPED: Readonly<Record<string, string>> = {
  duplicate: 'another job with the same idempotency key had completed',
  superseded: 'another copy of it had gone before',
  precondition: 'its condition (shouldRun) said that it makes no sense any more',
  stale_version: 'the state it is about has a newer version by now (version)',
  queue_full: 'its queue was full, and skips what would have to wait',
};

const skipped = (last: JobEvent, { nowMs }: JobEvidence): Explanation => ({
  state: 'skipped',
  waitsFor: 'nothing',
  sinceMs: last.time,
  says: `It was not run, at ${timeWords(last.time, nowMs)}: ${SKIPPED[last.reason ?? ''] ?? last.reason ?? 'no reason was told'}.`,
  todo: 'Nothing.',
});

const cancelled = (last: JobEvent, { nowMs }: JobEvidence): Explanation => ({
  ...{ state: 'cancelled', waitsFor: 'nothing', sinceMs: last.time },
  says: `It was ended by an operator before it completed, at ${timeWords(last.time, nowMs)}${last.reason === 'purged' ? ': its queue was purged' : ''}.`,
  todo: 'Nothing: `esteira control list` says who, and why.',
});

/** A job that has ended; undefined when it has not, as far as was told. */
export const explainEnded = (evidence: JobEvidence): Explanation | undefined => {
  const last = lastStep(evidence);
  switch (last?.type) {
    case 'job.completed':
      return completed(last, evidence);
    case 'job.sent_to_dlq':
      return dead(last, evidence);
    case 'job.cancelled':
      return cancelled(last, evidence);
    case 'job.skipped':
      return skipped(last, evidence);
    default:
      return undefined;
  }
};
