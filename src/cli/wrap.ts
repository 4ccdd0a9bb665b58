import type { Terminal } from './terminal.ts';

const USUAL_WIDTH = 80;
const LEAST_WIDTH = 40;

/** The columns that sentences may take: those of the screen, else 80. */
export const textWidth = (terminal: Terminal): number =>
  Math.max(LEAST_WIDTH, terminal.columns ?? USUAL_WIDTH);

/** Words in lines of at most `width`; a longer word has a line of its own. */
export const wrap = (text: string, width: number): readonly string[] => {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
};

/** The text wrapped, every line but the first indented; for behind a text that is as long as the indent. */
export const hang = (text: string, indent: number, width: number): string =>
  wrap(text, width - indent).join(`\n${' '.repeat(indent)}`);
