import type { LetterState, ListedDeadLetter, ShownDeadLetter } from '../consumers/dead-letters/index.ts';
import type { LetterFact } from '../runtime/letters/index.ts';
import type { ReplayItem } from '../runtime/replay/index.ts';
import { type Column, renderJson, renderTable } from './table.ts';
import { paint, printable, type Terminal } from './terminal.ts';

/** The list of dead letters as a table. */
export const letterTable = (terminal: Terminal, letters: readonly ListedDeadLetter[]): string => {
  const columns: readonly Column<ListedDeadLetter>[] = [
    { title: 'POSITION', cell: ({ position }) => position, cuttable: false },
    { title: 'STATE', cell: ({ state }) => state ?? null, cuttable: false },
    { title: 'DEAD REASON', cell: ({ reason }) => reason },
    { title: 'ERROR', cell: ({ errorCode }) => errorCode },
    { title: 'TENANT', cell: ({ tenant }) => tenant },
    { title: 'DEAD AT', cell: ({ deadAt }) => deadAt },
    { title: 'REPLAYS', cell: ({ replays }) => replays },
  ];
  return renderTable(terminal, columns, letters);
};

/** What a replay did, or would do, as a table. */
export const replayTable = (terminal: Terminal, items: readonly ReplayItem[]): string => {
  const columns: readonly Column<ReplayItem>[] = [
    { title: 'POSITION', cell: ({ position }) => position, cuttable: false },
    { title: 'JOB', cell: ({ jobId }) => jobId },
    { title: 'TENANT', cell: ({ letter }) => letter?.tenant ?? null },
    { title: 'DEAD REASON', cell: ({ letter }) => letter?.reason ?? null },
    { title: 'OUTCOME', cell: ({ outcome }) => outcome.replaceAll('_', ' '), cuttable: false },
    { title: 'DETAIL', cell: ({ detail, inbox }) => detail ?? inbox },
  ];
  return renderTable(terminal, columns, items);
};

const block = (text: string): string =>
  text
    .split('\n')
    .map((line) => `  ${printable(line)}`)
    .join('\n');

const payloadText = ({ payload }: ShownDeadLetter): string =>
  payload.readable
    ? `payload (${payload.as}, redacted)\n${block(renderJson(payload.value))}`
    : `payload cannot be read: ${payload.code}: ${payload.detail}`;

/** A dead letter with what became of it. */
export interface LetterWithHistory extends ShownDeadLetter {
  readonly state: LetterState;
  readonly history: readonly LetterFact[];
}

const PLACE_WORDS: Partial<Record<LetterFact['what'], string>> = {
  edited: 'the edited letter stands at',
  'made by an edit': 'it took the place of',
};

const factLine = ({ what, at, by, askedBy, because, id, position }: LetterFact): string => {
  const asked = askedBy === null ? '' : ` (${askedBy} had asked for it)`;
  const place = position === null ? '' : `; ${PLACE_WORDS[what] ?? 'its copy stands at'} ${position}`;
  return printable(`  ${at}  ${what} by ${by}${asked}: ${because}${place}${id === null ? '' : ` (${id})`}`);
};

/** One dead letter, a line a fact. */
export const letterText = (terminal: Terminal, shown: LetterWithHistory): string => {
  const { headers, payload: _, raw, history, ...facts } = shown;
  const known = Object.entries(facts).filter(([, value]) => value !== null);
  const widest = Math.max(...known.map(([name]) => name.length));
  const lines = known.map(
    ([name, value]) => `${paint(terminal, 'bold', name.padEnd(widest))}  ${printable(String(value))}`,
  );
  const all = Object.entries(headers).map(([name, value]) => `  ${printable(name)}: ${printable(value)}`);
  const rawLines =
    raw === undefined ? [] : ['raw bytes (base64)', `  key    ${raw.key}`, `  value  ${raw.value}`];
  const done = history.length === 0 ? [] : ['what was done about it', ...history.map(factLine)];
  return [...lines, ...done, 'headers', ...all, payloadText(shown), ...rawLines].join('\n');
};
