import { formatPosition, type RecordPosition } from '../../core/record.ts';
import type { BatchValue } from './control-values.ts';

/**
 * What became of a chosen record. `forced`: replayed although its job was done. `expired`: older than its job may be. `gone`: its topic does not hold it any
 * more. `unknown`: it may be on its inbox, whose records of that time are gone. `failed`: it cannot be written, such as
 * for its size. `held`: its key is held, and could not be replayed in order. Only in a window: `ahead`, its job type has
 * not come to it yet; `other`, it is nothing to its job type.
 */
export const LEDGER_OUTCOMES = [
  'replayed',
  'forced',
  'done',
  'undecodable',
  'expired',
  'shelved',
  'refused',
  'gone',
  'failed',
  'unknown',
  'held',
  'ahead',
  'other',
] as const;
export type LedgerOutcome = (typeof LEDGER_OUTCOMES)[number];

/** What became of one, and where its copy stands. */
export interface LedgerResult {
  readonly outcome: LedgerOutcome;
  readonly inbox?: RecordPosition;
}

type Inboxes = BatchValue['inboxes'];

/** Those that wrote a copy. */
export const isWritten = (outcome: LedgerOutcome): boolean => outcome === 'replayed' || outcome === 'forced';

/** `r` or `R` and where the copy stands, else one letter. */
const LETTERS: Readonly<Record<LedgerOutcome, string>> = {
  replayed: 'r',
  forced: 'R',
  done: 'd',
  undecodable: 'u',
  expired: 'e',
  shelved: 's',
  refused: 'n',
  gone: 'g',
  failed: 'f',
  unknown: 'x',
  held: 'h',
  ahead: 'a',
  other: 'o',
};
const OUTCOME_OF: ReadonlyMap<string, LedgerOutcome> = new Map(
  LEDGER_OUTCOMES.map((outcome) => [LETTERS[outcome], outcome]),
);

const wordOf = ({ outcome, inbox }: LedgerResult, inboxes: Inboxes): string => {
  if (inbox === undefined) return LETTERS[outcome];
  const topic = inboxes.findIndex((one) => one.topic === inbox.topic);
  return `${LETTERS[outcome]}${topic}.${inbox.partition}.${inbox.offset.toString(16)}`;
};

/**
 * One word a record: `r0.3.1f` is replayed to the first inbox topic, partition 3, offset 31 in hexadecimal. Of several in
 * a row that came to the same and have no copy, one word with their number: `d~1f4` are 500 that were done.
 */
export const packResults = (results: readonly LedgerResult[], inboxes: Inboxes): string => {
  const words: string[] = [];
  for (let at = 0; at < results.length; ) {
    const result = results[at] ?? { outcome: 'unknown' };
    let length = 1;
    if (result.inbox === undefined) while (isSame(results[at + length], result.outcome)) length += 1;
    const word = wordOf(result, inboxes);
    words.push(length === 1 ? word : `${word}~${length.toString(16)}`);
    at += length;
  }
  return words.join(' ');
};

const isSame = (result: LedgerResult | undefined, outcome: LedgerOutcome): boolean =>
  result?.outcome === outcome && result.inbox === undefined;

const unpackOne = (word: string, inboxes: Inboxes): readonly LedgerResult[] => {
  const outcome = OUTCOME_OF.get(word.slice(0, 1)) ?? 'unknown';
  if (word[1] === '~') return Array(Number.parseInt(word.slice(2), 16)).fill({ outcome });
  const [topic = '', partition = '', offset = ''] = word.slice(1).split('.');
  const name = inboxes[Number(topic)]?.topic;
  if (offset === '' || name === undefined) return [{ outcome }];
  return [{ outcome, inbox: { topic: name, partition: Number(partition), offset: BigInt(`0x${offset}`) } }];
};

/** What a closed part of the ledger says; empty while it is open. */
export const unpackResults = ({ results, inboxes }: BatchValue): readonly LedgerResult[] =>
  results === undefined || results === ''
    ? []
    : results.split(' ').flatMap((word) => unpackOne(word, inboxes));

/** How many of each outcome. */
export type LedgerCounts = Readonly<Record<LedgerOutcome, number>>;

const noResults = (): Record<LedgerOutcome, number> => ({
  ...{ replayed: 0, forced: 0, done: 0, undecodable: 0, expired: 0, shelved: 0, refused: 0 },
  ...{ gone: 0, failed: 0, unknown: 0, held: 0, ahead: 0, other: 0 },
});

/** Counts what the closed parts of the ledger say. */
export const countResults = (batches: readonly BatchValue[]): LedgerCounts => {
  const counts = noResults();
  for (const batch of batches) for (const { outcome } of unpackResults(batch)) counts[outcome] += 1;
  return counts;
};

/** Where the copy of a replayed record stands, for people. */
export const inboxText = ({ inbox }: LedgerResult): string | null =>
  inbox === undefined ? null : formatPosition(inbox);
