import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import type { Config } from '../config/index.ts';
import { EsteiraError } from '../core/errors.ts';
import { fileIdentity, type Identity } from '../security/identity.ts';

const DEFAULT_FILE = 'esteira.operators.json';

/** The user behind this process as the machine knows it: not from the environment, where anybody may write. */
const osUser = (): string => {
  try {
    return userInfo().username;
  } catch {
    // A container may run as a number that no user has.
    return `uid-${process.getuid?.() ?? 'unknown'}`;
  }
};

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';

/** The file's text; undefined where there is none, which is no mistake unless it was named. */
const textOf = async (path: string, isNamed: boolean): Promise<string | undefined> => {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (isMissing(cause) && !isNamed) return undefined;
    throw new EsteiraError('ESTEIRA_CONFIG_INVALID', `the operators' file ${path} cannot be read`, {
      facts: { file: path },
      cause,
    });
  }
};

/**
 * The identity of who runs a command: by `ESTEIRA_OPERATORS_FILE`, else `esteira.operators.json` in the folder, if there.
 *
 * @throws EsteiraError ESTEIRA_CONFIG_INVALID when the file that is named cannot be read
 */
export const openIdentity = async (
  config: Pick<Config, 'production' | 'operatorsFile'>,
  folder: string,
  warn: (message: string) => void,
): Promise<Identity> => {
  const file = config.operatorsFile ?? DEFAULT_FILE;
  const text = await textOf(resolve(folder, file), config.operatorsFile !== undefined);
  return fileIdentity({ text, file, osUser: osUser(), production: config.production, warn });
};
