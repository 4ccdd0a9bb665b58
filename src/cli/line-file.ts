import { open, rename, rm } from 'node:fs/promises';
import process from 'node:process';
import { EsteiraError } from '../core/errors.ts';

/** A file that is written as a whole or not at all. */
export interface LineFile {
  /** Resolves when they are handed to the system. */
  write(lines: readonly string[]): Promise<void>;
  /** Puts it in place. */
  finish(): Promise<void>;
  /** Takes away what was written. Safe after `finish`. */
  abandon(): Promise<void>;
}

/** What the file may hold is for its owner only. */
const OWNER_ONLY = 0o600;

const unwritable = (path: string, cause: unknown): EsteiraError =>
  new EsteiraError('ESTEIRA_USAGE', `--to ${path}: the file cannot be written`, { facts: { path }, cause });

/**
 * Opens a file of lines beside its place; what stands there stays until `finish`.
 *
 * @throws EsteiraError ESTEIRA_USAGE when it cannot be written, also from `write` and `finish`
 */
export const openLineFile = async (path: string): Promise<LineFile> => {
  const part = `${path}.${process.pid}.part`;
  const named = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (cause) {
      throw unwritable(path, cause);
    }
  };
  const file = await named(() => open(part, 'wx', OWNER_ONLY));
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (isOpen) await file.close();
    isOpen = false;
  };
  return {
    write: (lines) =>
      named(async () => {
        if (lines.length > 0) await file.appendFile(`${lines.join('\n')}\n`);
      }),
    finish: () =>
      named(async () => {
        await file.sync();
        await close();
        await rename(part, path);
      }),
    abandon: async () => {
      await close();
      await rm(part, { force: true });
    },
  };
};
