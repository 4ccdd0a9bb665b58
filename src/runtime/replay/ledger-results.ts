import { formatPosition, type RecordPosition } from '../../core/record.ts';
import type { BatchValue } from './control-values.ts';

/**
 * What became of a chosen dead letter. `gone`: its topic does not hold it any more. `unknown`: it may be on its inbox,
 * whose records of that time are gone. `failed`: it cannot be written, such as for its size. `held`: its key is held, and
 * could not be replayed in order.
 */
export const LEDGER_OUTCOMES = [
  'replayed',
  'done',
  'undecodable',
  'shelved',
  'refused',
  'gone',
  'failed',
  'unknown',
  'held',
] as const;
export type LedgerOutcome = (typeof LEDGER_OUTCOMES)[number];

/** What became of one, and where its copy stands. */
export interface LedgerResult {
  readonly outcome: LedgerOutcome;
  readonly inbox?: RecordPosition;
}

type Inboxes = BatchValue['inboxes'];

/** `r` and where its copy stands, else one letter. */
const LETTERS: Readonly<Record<LedgerOutcome, string>> = {
  replayed: 'r',
  done: 'd',
  undecodable: 'u',
  shelved: 's',
  refused: 'n',
  gone: 'g',
  failed: 'f',
  unknown: 'x',
  held: 'h',
};
const OUTCOME_OF: ReadonlyMap<string, LedgerOutcome> = new Map(
  LEDGER_OUTCOMES.map((outcome) => [LETTERS[outcome], outcome]),
);

/** One word a record: `r0.3.1f` is replayed to the first inbox topic, partition 3, offset 31 in hexadecimal. */
export const packResults = (results: readonly LedgerResult[], inboxes: Inboxes): string =>
  results
    .map(({ outcome, inbox }) => {
      if (inbox === undefined) return LETTERS[outcome];
      const topic = inboxes.findIndex((one) => one.topic === inbox.topic);
      return `${LETTERS[outcome]}${topic}.${inbox.partition}.${inbox.offset.toString(16)}`;
    })
    .join(' ');

const unpackOne = (word: string, inboxes: Inboxes): LedgerResult => {
  const outcome = OUTCOME_OF.get(word.slice(0, 1)) ?? 'unknown';
  const [topic = '', partition = '', offset = ''] = word.slice(1).split('.');
  const name = inboxes[Number(topic)]?.topic;
  if (offset === '' || name === undefined) return { outcome };
  return { outcome, inbox: { topic: name, partition: Number(partition), offset: BigInt(`0x${offset}`) } };
};

/** What a closed part of the ledger says; empty while it is open. */
export const unpackResults = ({ results, inboxes }: BatchValue): readonly LedgerResult[] =>
  results === undefined || results === '' ? [] : results.split(' ').map((word) => unpackOne(word, inboxes));

/** How many of each outcome. */
export type LedgerCounts = Readonly<Record<LedgerOutcome, number>>;

const noResults = (): Record<LedgerOutcome, number> => ({
  ...{ replayed: 0, done: 0, undecodable: 0, shelved: 0, refused: 0 },
  ...{ gone: 0, failed: 0, unknown: 0, held: 0 },
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
