import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Json } from '../core/contract.ts';
import { EsteiraError } from '../core/errors.ts';

/** An .avsc file as it was read. */
export interface SchemaFile {
  readonly path: string;
  readonly schema: Json;
}

/**
 * Reads .avsc files in the order of their paths.
 *
 * @throws EsteiraError ESTEIRA_SCHEMA_INVALID when a file is not JSON.
 */
export const readSchemaFiles = (paths: readonly string[]): Promise<readonly SchemaFile[]> =>
  Promise.all(
    [...paths].sort().map(async (path) => ({ path, schema: parseJson(path, await readFile(path, 'utf8')) })),
  );

/** The paths of all .avsc files in these folders (not the folders inside them). */
export const findSchemaFiles = async (folders: readonly string[]): Promise<readonly string[]> => {
  const lists = await Promise.all(
    folders.map(async (folder) => (await readdir(folder)).map((name) => join(folder, name))),
  );
  return lists
    .flat()
    .filter((path) => path.endsWith('.avsc'))
    .sort();
};

const parseJson = (path: string, text: string): Json => {
  try {
    const json: Json = JSON.parse(text);
    return json;
  } catch (cause) {
    throw new EsteiraError('ESTEIRA_SCHEMA_INVALID', `${basename(path)} is not JSON.`, {
      facts: { file: basename(path) },
      cause,
    });
  }
};
