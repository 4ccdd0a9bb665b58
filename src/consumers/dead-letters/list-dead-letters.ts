import type { AppDefinition } from '../../core/app.ts';
import type { BrokerAdmin } from '../../core/ports/broker.ts';
import { type DeadLetter, type DeadLetterSummary, summarize } from './dead-letter.ts';
import type { LetterState } from './letter-state.ts';
import { type DeadLetterFilter, jobTypesOf, scanDeadLetters } from './scan.ts';

export interface ListRequest {
  readonly app: AppDefinition;
  readonly admin: BrokerAdmin;
  /** Default: all job types of the app. */
  readonly jobType?: string;
  readonly filter?: DeadLetterFilter;
  /** How many to return, newest first; default 50. */
  readonly limit?: number;
  /** What became of each; default: nobody says. */
  readonly stateOf?: (letter: DeadLetter) => LetterState;
  /** Only those of which this became; default all. Needs `stateOf`. */
  readonly states?: readonly LetterState[];
}

/** One of the list. */
export interface ListedDeadLetter extends DeadLetterSummary {
  /** Absent where nobody says. */
  readonly state?: LetterState;
}

export interface DeadLetterList {
  /** Newest first. */
  readonly letters: readonly ListedDeadLetter[];
  /** How many the filter means; more than `letters` when the limit cut them. */
  readonly matched: number;
  /** How many the filter means that were left out for what became of them. */
  readonly hidden: number;
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
  const { app, admin, filter = {}, stateOf, states } = request;
  const found = newest(request.limit ?? 50);
  let matched = 0;
  let hidden = 0;
  const read = await scanDeadLetters(app, admin, jobTypesOf(app, request.jobType), filter, (letter) => {
    const state = stateOf?.(letter);
    if (state !== undefined && states?.includes(state) === false) {
      hidden += 1;
      return;
    }
    matched += 1;
    found.add(letter);
  });
  const letters = found.all().map((letter) => ({
    ...summarize(letter),
    ...(stateOf === undefined ? {} : { state: stateOf(letter) }),
  }));
  return { letters, matched, hidden, read };
};
