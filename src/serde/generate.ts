import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { EsteiraError } from '../core/errors.ts';
import { readSchemaFiles } from './schema-files.ts';
import type { RecordModel } from './schema-model.ts';
import { readSchema } from './schema-reader.ts';
import { namedTypes, typescriptSource } from './typescript-source.ts';

/** One folder of generated TypeScript and what goes into it. */
export interface GenerateOptions {
  /** Paths of .avsc files. */
  readonly files: readonly string[];
  readonly outDir: string;
  /** What the generated files import `AvroContract` from, as seen from `outDir`; for an app this is `esteira`. */
  readonly importContractFrom: string;
  /** Only records of these namespaces; default: all. */
  readonly namespaces?: readonly string[];
}

/** A file as it should be. */
export interface GeneratedFile {
  readonly path: string;
  readonly text: string;
}

/**
 * The TypeScript of the schemas; the same input gives the same text on every machine.
 *
 * @throws EsteiraError ESTEIRA_SCHEMA_INVALID when a schema is outside the subset; says what and where.
 */
export const renderSchemas = async (options: GenerateOptions): Promise<readonly GeneratedFile[]> => {
  const rendered: GeneratedFile[] = [];
  for (const { path, schema } of await readSchemaFiles(options.files)) {
    const { record, problems } = readSchema(schema);
    if (record === undefined || problems.length > 0)
      throw invalid(
        path,
        problems.map((p) => `${p.path}: ${p.problem}`),
      );
    if (options.namespaces !== undefined && !options.namespaces.includes(namespaceOf(record))) continue;
    requireDistinctNames(path, record);
    const target = join(options.outDir, `${kebabCase(record.name)}.ts`);
    if (rendered.some((file) => file.path === target))
      throw invalid(path, [`another schema also becomes ${basename(target)}`]);
    rendered.push({ path: target, text: typescriptSource(record, schema, options.importContractFrom) });
  }
  return rendered;
};

/**
 * Writes the TypeScript of the schemas and returns the paths written. Files of removed schemas stay: delete them.
 *
 * @throws EsteiraError ESTEIRA_SCHEMA_INVALID; then nothing is written.
 */
export const generateSchemas = async (options: GenerateOptions): Promise<readonly string[]> => {
  const files = await renderSchemas(options);
  await mkdir(options.outDir, { recursive: true });
  await Promise.all(files.map((file) => writeFile(file.path, file.text)));
  return files.map((file) => file.path);
};

/** The paths that differ from what would be generated: changed, missing, or left over from a removed schema. */
export const staleFiles = async (options: GenerateOptions): Promise<readonly string[]> => {
  const expected = await renderSchemas(options);
  const stale = await Promise.all(
    expected.map(async (file) => ((await readIfThere(file.path)) === file.text ? [] : [file.path])),
  );
  const wanted = new Set(expected.map((file) => file.path));
  const present = (await listIfThere(options.outDir)).map((name) => join(options.outDir, name));
  return [...stale.flat(), ...present.filter((path) => !wanted.has(path))].sort();
};

/** `AIActionConfirmed` is `ai-action-confirmed`. */
export const kebabCase = (name: string): string =>
  name
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, '$1-$2')
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replaceAll('_', '-')
    .toLowerCase();

const namespaceOf = (record: RecordModel): string => record.fullName.slice(0, -record.name.length - 1);

const requireDistinctNames = (path: string, record: RecordModel): void => {
  const names = [...namedTypes(record).values()].map((type) => type.name);
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  if (twice.length > 0)
    throw invalid(
      path,
      twice.map((name) => `two types are called ${name}; TypeScript needs one`),
    );
};

const invalid = (path: string, problems: readonly string[]): EsteiraError =>
  new EsteiraError('ESTEIRA_SCHEMA_INVALID', `${basename(path)}: ${problems.join('; ')}.`, {
    facts: { file: basename(path), problems: [...problems] },
  });

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';

const readIfThere = async (path: string): Promise<string | undefined> => {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
};

const listIfThere = async (folder: string): Promise<readonly string[]> => {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
};
