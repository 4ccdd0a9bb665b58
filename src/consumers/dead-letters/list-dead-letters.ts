import type { AppDefinition } from '../../core/app.ts';
import type { BrokerAdmin } from '../../core/ports/broker.ts';
import { type DeadLetter, type DeadLetterSummary, summarize } from './dead-letter.ts';
import { type DeadLetterFilter, jobTypesOf, scanDeadLetters } from './scan.ts';

export interface ListRequest {
  readonly app: AppDefinition;
  readonly admin: BrokerAdmin;
  /** Default: all job types of the app. */
  readonly jobType?: string;
  readonly filter?: DeadLetterFilter;
  /** How many to return, newest first; default 50. */
  readonly limit?: number;
}

export interface DeadLetterList {
  /** Newest first. */
  readonly letters: readonly DeadLetterSummary[];
  /** How many the filter means; more than `letters` when the limit cut them. */
  readonly matched: number;
  /** Records read to find them. */
  readonly read: number;
}

/** Keeps the newest `limit` of all letters it is given, with memory for twice as many. */
const newest = (limit: number) => {
  let kept: DeadLetter[] = [];
  const cut = (): DeadLetter[] => kept.sort((a, b) => b.deadAtMs - a.deadAtMs).slice(0, limit);
  return {
    add: (letter: DeadLetter): void => {
      kept.push(letter);
      if (kept.length >= limit * 2) kept = cut();
    },
    all: cut,
  };
};

/**
 * The newest dead letters that the filter means. Reads the whole DLQ topics unless the filter says since when.
 *
 * @throws EsteiraError ESTEIRA_JOB_TYPE_UNKNOWN, ESTEIRA_TOPICS_DIFFER, ESTEIRA_SERVICE_UNREACHABLE.
 */
export const listDeadLetters = async (request: ListRequest): Promise<DeadLetterList> => {
  const { app, admin, filter = {} } = request;
  const found = newest(request.limit ?? 50);
  let matched = 0;
  const read = await scanDeadLetters(app, admin, jobTypesOf(app, request.jobType), filter, (letter) => {
    matched += 1;
    found.add(letter);
  });
  return { letters: found.all().map(summarize), matched, read };
};
