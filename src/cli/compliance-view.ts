import type { ComplianceReport, Finding, JobCompliance, Verdict } from '../runtime/compliance/index.ts';
import { countWords } from '../runtime/inspection/time-words.ts';
import { paint, printable, type Terminal } from './terminal.ts';
import { hang, textWidth } from './wrap.ts';

const MARKS = {
  proved: { mark: 'ok', style: 'green' },
  breach: { mark: 'BREACH', style: 'red' },
  unproved: { mark: '?', style: 'yellow' },
} as const satisfies Record<Verdict, { mark: string; style: string }>;

const ARROW = '-> ';
const MARK_WIDTH = 'BREACH'.length + 2;
const LINE_WIDTH = 'no-secret-in-payload'.length + 2;
/** Narrower screens have what was seen under the line's name, and not beside it. */
const LEAST_BESIDE = 72;

const row = (
  terminal: Terminal,
  { verdict, says, todo }: Omit<Finding, 'line'>,
  lines: readonly string[],
  width: number,
): string => {
  const { mark, style } = MARKS[verdict];
  const isBeside = width >= LEAST_BESIDE && lines.length === 1;
  const indent = isBeside ? MARK_WIDTH + LINE_WIDTH : MARK_WIDTH;
  const margin = `\n${' '.repeat(indent)}`;
  const names = hang(lines.join(', '), MARK_WIDTH, width);
  const head = `${paint(terminal, style, mark)}${' '.repeat(MARK_WIDTH - mark.length)}`;
  const said = `${head}${isBeside ? names.padEnd(LINE_WIDTH) : `${names}${margin}`}${hang(printable(says), indent, width)}`;
  if (todo === undefined) return said;
  return `${said}${margin}${ARROW}${hang(printable(todo), indent + ARROW.length, width)}`;
};

/** Lines of which the same is to be said are said once, where the first of them stands. */
const grouped = (findings: readonly Finding[]): ReadonlyMap<string, readonly Finding[]> => {
  const groups = new Map<string, readonly Finding[]>();
  for (const finding of findings) {
    const { verdict, says, todo } = finding;
    const same = JSON.stringify([verdict, says, todo]);
    groups.set(same, [...(groups.get(same) ?? []), finding]);
  }
  return groups;
};

const chapter = (terminal: Terminal, { type, kind, findings }: JobCompliance, width: number): string => {
  const rows = [...grouped(findings).values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    return [
      row(
        terminal,
        first,
        same.map(({ line }) => line),
        width,
      ),
    ];
  });
  return [`${paint(terminal, 'bold', type)} (${kind})`, ...rows].join('\n');
};

const closing = ({ jobs, counts, byReview }: ComplianceReport, width: number): readonly string[] => {
  const breaches = `${counts.breach} ${counts.breach === 1 ? 'breach' : 'breaches'}`;
  return [
    ['No run can tell, so look at it yourself:', ...byReview.map((what) => `- ${hang(what, 2, width)}`)].join(
      '\n',
    ),
    hang(
      `${countWords(jobs.length, 'job type')}: ${counts.proved} proved, ${breaches}, ${counts.unproved} not proved.`,
      0,
      width,
    ),
  ];
};

/** A compliance report for people: a chapter for each job type, a row or two for each line, and the counts. */
export const renderCompliance = (terminal: Terminal, report: ComplianceReport): string => {
  const width = textWidth(terminal);
  const chapters = report.jobs.map((job) => chapter(terminal, job, width));
  return [...chapters, ...closing(report, width)].join('\n\n');
};
