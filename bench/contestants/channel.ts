import process from 'node:process';
import { text } from 'node:stream/consumers';
import type { ZodType } from 'zod';

// Nobody would read the answer any more.
process.once('disconnect', () => process.exit(1));

/** What this program was asked for: JSON on standard input. */
export const readInput = async <T>(schema: ZodType<T>): Promise<T> =>
  schema.parse(JSON.parse(await text(process.stdin)));

/** A word to the program that started this one; nobody hears it when it was started by hand. */
export const say = (word: unknown): void => {
  if (process.connected) process.send?.(word as never);
};

/** Listens to words of the program that started this one. */
export const onWord = (listener: (word: unknown) => void): void => {
  process.on('message', listener);
};

/** Prints what was found, as the only thing on standard output, and ends. */
export const answer = (found: unknown): void => {
  process.stdout.write(`${JSON.stringify(found)}\n`, () => process.exit(0));
};

/** Takes the log of an app: its lines are made, as in production, and only those about errors are shown. */
export const errorsOnly = {
  write: (line: string): void => {
    if (line.startsWith('{"level":"error"')) process.stderr.write(line);
  },
};
