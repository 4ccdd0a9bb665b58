import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { EsteiraError } from '../core/errors.ts';
import type { GenerateOptions } from './generate.ts';
import { findSchemaFiles } from './schema-files.ts';

const SchemaConfig = z.strictObject({
  folders: z.array(z.string().min(1)).min(1),
  outputs: z.array(
    z.strictObject({
      namespaces: z.array(z.string().min(1)).min(1),
      outDir: z.string().min(1),
      importContractFrom: z.string().min(1),
    }),
  ),
});

/** What `esteira.schemas.json` says, with absolute paths. */
export interface SchemaProject {
  /** All .avsc files. */
  readonly files: readonly string[];
  readonly outputs: readonly GenerateOptions[];
}

/**
 * Reads an `esteira.schemas.json`; its paths are relative to the file.
 *
 * @throws EsteiraError ESTEIRA_CONFIG_INVALID when the file is missing or not as it should be.
 */
export const loadSchemaProject = async (path: string): Promise<SchemaProject> => {
  const base = dirname(resolve(path));
  const config = parseConfig(path, await readText(path));
  const files = await findSchemaFiles(config.folders.map((folder) => resolve(base, folder)));
  const outputs = config.outputs.map((output) => ({
    ...output,
    files,
    outDir: resolve(base, output.outDir),
  }));
  return { files, outputs };
};

const readText = async (path: string): Promise<string> => {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new EsteiraError('ESTEIRA_CONFIG_INVALID', `Cannot read ${path}.`, {
      facts: { file: path },
      cause,
    });
  }
};

const parseConfig = (path: string, text: string): z.infer<typeof SchemaConfig> => {
  try {
    return SchemaConfig.parse(JSON.parse(text));
  } catch (cause) {
    throw new EsteiraError('ESTEIRA_CONFIG_INVALID', `${path} is not a schema configuration.`, {
      facts: { file: path },
      cause,
    });
  }
};
