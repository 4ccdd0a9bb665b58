import type { DeedResult, EditResult, HeldKey, LetterCount, LetterStats } from '../runtime/letters/index.ts';
import { renderTable } from './table.ts';
import { paint, printable, type Terminal } from './terminal.ts';

/** `1 dead letter`, `2 dead letters`. */
export const several = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;

const listed = (counts: Readonly<Record<string, number | undefined>>): string =>
  Object.entries(counts)
    .flatMap(([name, count]) =>
      count === undefined || count === 0 ? [] : [`${count} ${name.replaceAll('_', ' ')}`],
    )
    .join(', ');

const KEY_WORDS: Readonly<Record<HeldKey['outcome'], (key: HeldKey) => string>> = {
  stays: ({ left, jobType }) =>
    `it stays held: ${several(left, 'other dead letter')} of it ${left === 1 ? 'is' : 'are'} left. ` +
    `\`esteira replay plan --job-type ${jobType}\` runs them in order without what is discarded; discarding them too lifts the hold`,
  would_lift: () => 'nothing else of it is dead: its hold would be lifted, and what comes next runs',
  lifted: () => 'nothing else of it is dead: its hold is lifted, and what comes next runs',
  replayed: () => 'a replay of it has begun, and lifts its hold at the end',
};

const keyLine = (key: HeldKey): string =>
  printable(
    `held key ${key.key} of tenant ${key.tenant} on ${key.partition}: ${KEY_WORDS[key.outcome](key)}.`,
  );

const MOST_KEYS = 20;

const CLOSING: Readonly<Record<DeedResult['outcome'], (result: DeedResult) => string>> = {
  would_be_done: ({ deedId }) =>
    deedId === null
      ? 'Nothing was changed: add --run to do it.'
      : `Nothing was changed: \`esteira dlq approve ${deedId} --reason … --run\` does it.`,
  would_be_asked: () =>
    'So many take a second person: with --run it is asked for, and `esteira dlq approve` does it. Nothing was changed.',
  asked: ({ deedId }) =>
    `So many take a second person. Nothing is discarded yet: \`esteira dlq approve ${deedId} --reason … --run\` does it.`,
  done: ({ deedId }) => `It is in the audit as ${deedId}.`,
  nothing: () => 'There is nothing to do.',
};

/** What a discard or a restore came to. */
export const deedText = (result: DeedResult): string => {
  const { deed, outcome, letters, reasons, leftOut, gone, keys, examples } = result;
  const verb = outcome === 'done' ? `${deed === 'discard' ? 'discarded' : 'restored'}` : `to ${deed}`;
  const why = listed(reasons);
  const such = examples.length === 0 ? '' : ` such as ${examples.join(', ')}`;
  const lines = [
    `${several(letters, 'dead letter')} ${verb}${why === '' ? '' : ` (${why})`}${such}`,
    ...(listed(leftOut) === '' ? [] : [`left out for what became of them: ${listed(leftOut)}`]),
    ...(gone === 0 ? [] : [`${several(gone, 'position')} where nothing stands`]),
    ...keys.slice(0, MOST_KEYS).map(keyLine),
    ...(keys.length > MOST_KEYS ? [`and ${keys.length - MOST_KEYS} more held keys`] : []),
    CLOSING[outcome](result),
  ];
  return lines.map(printable).join('\n');
};

const KEYS_SAY = {
  idempotencyKey: {
    same: 'the same: it counts as the same job',
    changed: 'another: to duplicates and to sinks that compare it, it is another job than it was',
  },
  orderingKey: { none: null, same: null, changed: 'another: it leaves the order of the key it had' },
} as const;

const replayWords = ({ replay, edited }: EditResult): readonly string[] => {
  if (edited === null) return ['Nothing was changed: add --run to do it.'];
  const stands = `The edited letter stands at ${edited}; the original stays.`;
  switch (replay?.outcome) {
    case 'replayed':
      return [`${stands} It was replayed to ${replay.inbox} (replay ${replay.planId}).`];
    case 'held':
      return [
        `${stands} Its ordering key is held with other dead letters, so it waits for its turn: plan a replay of the job type, and all of them go in order.`,
      ];
    default:
      return [
        `${stands} It was not replayed: ${replay?.outcome ?? 'not yet'} (\`esteira dlq show ${edited}\`).`,
      ];
  }
};

/** What an edit came to. */
export const editText = (terminal: Terminal, result: EditResult): string => {
  const { differences, checkedAgainst, idempotencyKey, orderingKey, position, jobType, jobId } = result;
  const table = renderTable(
    terminal,
    [
      { title: 'FIELD', cell: ({ path }) => path, cuttable: false },
      { title: 'BEFORE', cell: ({ before }) => before ?? '(none)' },
      { title: 'AFTER', cell: ({ after }) => after ?? '(none)' },
    ],
    differences,
  );
  const order = KEYS_SAY.orderingKey[orderingKey];
  const facts = [
    ['letter', position],
    ['job', `${jobId} (${jobType})`],
    ['checked', checkedAgainst],
    ['idempotency key', KEYS_SAY.idempotencyKey[idempotencyKey]],
    ...(order === null ? [] : [['ordering key', order]]),
  ];
  const widest = Math.max(...facts.map(([name = '']) => name.length));
  const lines = facts.map(
    ([name = '', value = '']) => `${paint(terminal, 'bold', name.padEnd(widest))}  ${printable(value)}`,
  );
  return [...lines, table, ...replayWords(result).map(printable)].join('\n');
};

const MOST_COUNTS = 10;

const countTable = (terminal: Terminal, title: string, counts: readonly LetterCount[]): string => {
  const table = renderTable(
    terminal,
    [
      { title: 'LETTERS', cell: ({ count }: LetterCount) => count, cuttable: false },
      { title, cell: ({ value }: LetterCount) => value },
    ],
    counts.slice(0, MOST_COUNTS),
  );
  const more = counts.length - MOST_COUNTS;
  return more > 0 ? `${table}\nand ${more} more` : table;
};

/** How many dead letters there are, by what. */
export const statsText = (terminal: Terminal, stats: LetterStats): string => {
  const { letters, read, byState, oldestAt, newestAt, asked } = stats;
  const tables = [
    ['JOB TYPE', stats.byJobType],
    ['DEAD REASON', stats.byReason],
    ['ERROR', stats.byErrorCode],
    ['FINGERPRINT', stats.byFingerprint],
    ['TENANT', stats.byTenant],
    ['DEAD SINCE', stats.byAge],
  ] as const;
  const head = [
    `${several(letters, 'dead letter')} of ${read} read${oldestAt === null ? '' : `, from ${oldestAt} to ${newestAt}`}.`,
    ...(listed(byState) === '' ? [] : [`What became of all of them: ${listed(byState)}.`]),
    ...asked.map(
      ({ deedId, letters: many, by }) =>
        `A discard of ${several(many, 'dead letter')} by ${by} waits for a second person: esteira dlq approve ${deedId}`,
    ),
  ].map(printable);
  const shown = tables.flatMap(([title, counts]) =>
    counts.length === 0 ? [] : [countTable(terminal, title, counts)],
  );
  return [head.join('\n'), ...shown].join('\n\n');
};
