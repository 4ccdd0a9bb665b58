import type { JobEvent } from '../../core/generated/job-event.ts';
import type { LetterFact } from '../letters/letter-ledger.ts';
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

/** What was done about a dead letter that stands, and what can be; undefined while nothing was. */
const fateWords = (letter: string, fate: LetterFact, nowMs: number) => {
  const by = `${fate.by} at ${timeWords(Date.parse(fate.at), nowMs)}: ${fate.because}`;
  switch (fate.what) {
    case 'discarded':
      return {
        waitsFor: 'nothing',
        says: `It was given up by ${by}.`,
        todo: `Nothing; to have it back: \`esteira dlq restore ${letter} --reason …\`.`,
      } as const;
    case 'edited':
      return {
        waitsFor: 'operator',
        says: `It was edited by ${by}.`,
        todo: `What took its place is replayed: \`esteira dlq replay ${fate.position ?? '<position>'} --reason …\`.`,
      } as const;
    case 'shelved':
      return {
        waitsFor: 'operator',
        says: `It has been replayed as often as it may, and was left where it is by ${by}.`,
        todo: `Mend its payload with \`esteira dlq edit ${letter} … --reason …\`, or give it up with \`esteira dlq discard ${letter} --reason …\`.`,
      } as const;
    default:
      return undefined;
  }
};

/** How it came to die. What dies behind another was not run: it has no error of its own. */
const deathWords = (last: JobEvent): string => {
  if (last.reason === 'behind_dead_letter')
    return 'behind_dead_letter: it was not run, since one before it of its ordering key is dead';
  const error = errorWords(last);
  return (
    `${last.reason ?? 'no reason was told'}, in attempt ${last.attempt} of ${last.maxAttempts}` +
    `${error === '' ? '' : `; the last error was ${error}`}`
  );
};

/** How to have it run again; one that died behind another goes with its key. */
const againWords = ({ reason, jobType }: JobEvent, where: string): string =>
  reason === 'behind_dead_letter'
    ? `Mend what the one before it died of (\`esteira dlq list --job-type ${jobType}\`), then \`esteira replay plan --job-type ${jobType} --reason …\`: of a held key all that is dead runs again, in its order.`
    : `It runs no more by itself: see \`esteira dlq show ${where}\`, mend the cause, then \`esteira dlq replay ${where} --reason …\`.`;

const dead = (last: JobEvent, { nowMs, deadLetter, letterFate }: JobEvidence): Explanation => {
  const where = deadLetter ?? '<position>';
  const fate = letterFate === undefined ? undefined : fateWords(where, letterFate, nowMs);
  return {
    state: 'dead',
    waitsFor: fate?.waitsFor ?? 'operator',
    sinceMs: last.time,
    says:
      `It died at ${timeWords(last.time, nowMs)}: ${deathWords(last)}. ` +
      (deadLetter === undefined ? 'Its dead letter was not found.' : `Its dead letter is ${deadLetter}.`) +
      (fate === undefined ? '' : ` ${fate.says}`),
    todo: fate?.todo ?? againWords(last, where),
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
