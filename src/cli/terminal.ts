import { once } from 'node:events';
import process from 'node:process';
import { styleText } from 'node:util';
import { type Environment, readEnvironment } from '../config/index.ts';

/** A screen that lines can be drawn on again and again. */
export interface Screen {
  readonly columns: number | undefined;
  /** Writes as it is, without a line break. */
  write(text: string): void;
}

/** Where a command reads from and writes to. */
export interface Terminal {
  /** Results, for people or programs. */
  out(text: string): void;
  /** Resolves when results can be written without being kept in memory; default at once. */
  drained?(): Promise<void>;
  /** Errors and notes, for people. */
  err(text: string): void;
  /** Columns of the screen; undefined when the output goes elsewhere and need not fit. */
  readonly columns: number | undefined;
  /** Whether results may be coloured. */
  readonly hasColours: boolean;
  /** Whether errors and notes may be coloured; default as results. */
  readonly hasErrorColours?: boolean;
  /** Where errors and notes go, if that is a screen; for progress. */
  readonly screen?: Screen | undefined;
  /** From now on the process ends, as done, when nobody reads results any more: `esteira … | head`. */
  endWhenUnread?(): void;
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

/**
 * Whether to colour what goes to a stream. `FORCE_COLOR` decides where it is set (`0` and `false` for none), then
 * `NO_COLOR` if it is not empty, then whether the stream is a terminal that can.
 */
export const wantsColours = (environment: Environment, isScreen: boolean): boolean => {
  const forced = environment['FORCE_COLOR'] ?? '';
  if (forced !== '') return forced !== '0' && forced !== 'false';
  return isScreen && (environment['NO_COLOR'] ?? '') === '' && environment['TERM'] !== 'dumb';
};

const isClosedPipe = (error: Error): boolean => 'code' in error && error.code === 'EPIPE';

/**
 * Takes it that whoever read our output has gone. What changes something goes on to its end, unheard; what only looks
 * ends. Any other error of a stream is one of the process.
 */
export const outliveReaders = (): (() => void) => {
  let endsUnread = false;
  process.stdout.on('error', (error) => {
    if (!isClosedPipe(error)) throw error;
    if (endsUnread) process.exit(0);
  });
  process.stderr.on('error', (error) => {
    if (!isClosedPipe(error)) throw error;
  });
  return () => {
    endsUnread = true;
  };
};

/** The terminal of this process. */
export const systemTerminal = (): Terminal => {
  const environment = readEnvironment();
  const { stdout, stderr } = process;
  return {
    out: (text) => stdout.write(`${text}\n`),
    drained: async () => void (stdout.writableNeedDrain && (await once(stdout, 'drain'))),
    err: (text) => stderr.write(`${text}\n`),
    columns: stdout.isTTY ? stdout.columns : undefined,
    hasColours: wantsColours(environment, stdout.isTTY),
    hasErrorColours: wantsColours(environment, stderr.isTTY),
    screen:
      stderr.isTTY && environment['TERM'] !== 'dumb'
        ? { columns: stderr.columns, write: (text) => stderr.write(text) }
        : undefined,
    cwd: process.cwd(),
    environment,
    readInput: () => readAll(process.stdin),
  };
};

type Style = Parameters<typeof styleText>[0];

/** The text in a colour or weight, where the terminal has any. */
export const paint = (terminal: Terminal, style: Style, text: string): string =>
  terminal.hasColours ? styleText(style, text, { validateStream: false }) : text;

/** As `paint`, for errors and notes. */
export const paintError = (terminal: Terminal, style: Style, text: string): string =>
  paint({ ...terminal, hasColours: terminal.hasErrorColours ?? terminal.hasColours }, style, text);

/** The text on one line without control characters: what comes from records must not steer a terminal. */
export const printable = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ');
