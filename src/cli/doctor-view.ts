import type { Area, Check, Counts, Diagnosis, Verdict } from '../runtime/doctor/index.ts';
import { countWords } from '../runtime/inspection/time-words.ts';
import { paint, printable, type Terminal } from './terminal.ts';
import { hang, textWidth } from './wrap.ts';

const AREAS: readonly Area[] = [
  'configuration',
  'services',
  'topics',
  'groups',
  'redis',
  'registry',
  'rights',
];

const MARKS = {
  ok: { mark: 'ok', style: 'green' },
  warning: { mark: 'warn', style: 'yellow' },
  problem: { mark: 'FAIL', style: 'red' },
  unknown: { mark: '?', style: 'cyan' },
} as const satisfies Record<Verdict, { mark: string; style: string }>;

const MARK_WIDTH = 6;
const ARROW = '-> ';

const block = (text: string, indent: number, width: number): string => hang(printable(text), indent, width);

const renderCheck = (terminal: Terminal, check: Check, width: number): string => {
  const { mark, style } = MARKS[check.verdict];
  const head = `${paint(terminal, style, mark)}${' '.repeat(MARK_WIDTH - mark.length)}`;
  const said = `${head}${block(`${check.name}: ${check.says}`, MARK_WIDTH, width)}`;
  if (check.todo === undefined) return said;
  const indent = ' '.repeat(MARK_WIDTH);
  return `${said}\n${indent}${ARROW}${block(check.todo, MARK_WIDTH + ARROW.length, width)}`;
};

const closingLine = ({ ok, warning, problem, unknown }: Counts): string =>
  `${ok} ok, ${countWords(warning, 'warning')}, ${countWords(problem, 'problem')}, ${unknown} unknown.`;

/** A diagnosis for people: a heading for each area, a line or two for each check, and the counts. */
export const renderDiagnosis = (terminal: Terminal, { checks, counts }: Diagnosis): string => {
  const width = textWidth(terminal);
  const chapters = AREAS.flatMap((area) => {
    const found = checks.filter((check) => check.area === area);
    if (found.length === 0) return [];
    return [
      [paint(terminal, 'bold', area), ...found.map((check) => renderCheck(terminal, check, width))].join(
        '\n',
      ),
    ];
  });
  return [...chapters, closingLine(counts)].join('\n\n');
};
