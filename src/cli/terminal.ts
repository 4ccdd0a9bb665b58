import process from 'node:process';
import { styleText } from 'node:util';
import { type Environment, readEnvironment } from '../config/index.ts';

/** Where a command reads from and writes to. */
export interface Terminal {
  /** Results, for people or programs. */
  out(text: string): void;
  /** Errors and notes, for people. */
  err(text: string): void;
  /** Columns of the screen; undefined when the output goes elsewhere and need not fit. */
  readonly columns: number | undefined;
  readonly hasColours: boolean;
  readonly cwd: string;
  readonly environment: Environment;
  /** Everything on standard input. */
  readInput(): Promise<string>;
}

const readAll = async (stream: AsyncIterable<Uint8Array>): Promise<string> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
};

/** The terminal of this process. */
export const systemTerminal = (): Terminal => {
  const environment = readEnvironment();
  return {
    out: (text) => process.stdout.write(`${text}\n`),
    err: (text) => process.stderr.write(`${text}\n`),
    columns: process.stdout.isTTY ? process.stdout.columns : undefined,
    hasColours: process.stdout.isTTY && (environment['NO_COLOR'] ?? '') === '',
    cwd: process.cwd(),
    environment,
    readInput: () => readAll(process.stdin),
  };
};

type Style = Parameters<typeof styleText>[0];

/** The text in a colour or weight, where the terminal has any. */
export const paint = (terminal: Terminal, style: Style, text: string): string =>
  terminal.hasColours ? styleText(style, text) : text;

/** The text on one line without control characters: what comes from records must not steer a terminal. */
export const printable = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ');
