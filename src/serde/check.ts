import { EsteiraError } from '../core/errors.ts';
import { type EarlierVersion, evolutionProblems } from './evolution.ts';
import { RegistryClient, type RegistryOptions } from './registry-client.ts';
import { readSchemaFiles, type SchemaFile } from './schema-files.ts';
import { readSchema } from './schema-reader.ts';

export interface RegistryCommandOptions {
  /** Paths of .avsc files. */
  readonly files: readonly string[];
  readonly registry: RegistryOptions;
}

/** How a schema stands to what is registered under its name. */
export interface SchemaCheck {
  readonly file: string;
  readonly subject: string;
  readonly state: 'new' | 'same' | 'compatible' | 'incompatible';
  /** Why it is incompatible: our reasons first, then the registry's own words. */
  readonly messages: readonly string[];
}

/**
 * Compares schemas with a registry and changes nothing. A schema is compatible when it can read every earlier version,
 * every earlier version can read it, and the registry agrees.
 *
 * @throws EsteiraError ESTEIRA_SCHEMA_INVALID (breach of the subset), ESTEIRA_REGISTRY_UNAVAILABLE.
 */
export const checkSchemas = async (options: RegistryCommandOptions): Promise<readonly SchemaCheck[]> => {
  const client = new RegistryClient(options.registry);
  const checks: SchemaCheck[] = [];
  for (const named of await readSubjects(options.files)) checks.push(await checkSubject(client, named));
  return checks;
};

/** An .avsc file and its subject, the full name of its record. */
export interface SubjectFile extends SchemaFile {
  readonly subject: string;
}

/** @throws EsteiraError ESTEIRA_SCHEMA_INVALID when a file breaches the subset. */
export const readSubjects = async (files: readonly string[]): Promise<readonly SubjectFile[]> =>
  (await readSchemaFiles(files)).map((file) => {
    const { record, problems } = readSchema(file.schema);
    if (record !== undefined && problems.length === 0) return { ...file, subject: record.fullName };
    const told = problems.map(({ path, problem }) => `${path}: ${problem}`);
    throw new EsteiraError('ESTEIRA_SCHEMA_INVALID', `${file.path}: ${told.join('; ')}.`, {
      facts: { file: file.path, problems: told },
    });
  });

/** Compares one schema with its subject. */
export const checkSubject = async (
  client: Pick<RegistryClient, 'lookUp' | 'version' | 'compatibility'>,
  { path, subject, schema }: SubjectFile,
): Promise<SchemaCheck> => {
  const file = path;
  if ((await client.lookUp(subject, schema)) !== undefined)
    return { file, subject, state: 'same', messages: [] };
  const earlier = await earlierVersions(client, subject);
  if (earlier.length === 0) return { file, subject, state: 'new', messages: [] };
  const own = evolutionProblems(subject, schema, earlier);
  const { compatible, messages } = await client.compatibility(subject, schema);
  if (compatible && own.length === 0) return { file, subject, state: 'compatible', messages: [] };
  const said = compatible ? [] : ['the registry says that it is incompatible', ...messages];
  return { file, subject, state: 'incompatible', messages: [...own, ...said] };
};

/** All versions that exist, the newest first; deleted ones are passed over. */
const earlierVersions = async (
  client: Pick<RegistryClient, 'version'>,
  subject: string,
): Promise<readonly EarlierVersion[]> => {
  const latest = await client.version(subject, 'latest');
  if (latest === undefined) return [];
  const found: EarlierVersion[] = [latest];
  for (let version = latest.version - 1; version >= 1; version -= 1) {
    const earlier = await client.version(subject, version);
    if (earlier !== undefined) found.push(earlier);
  }
  return found;
};
