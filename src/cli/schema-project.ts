import { access, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { EsteiraError } from '../core/errors.ts';
import { loadSchemaProject, type SchemaProject } from '../serde/index.ts';
import { packageRoot } from './package-root.ts';

const USUAL_PLACES = ['esteira.schemas.json', 'schemas/esteira.schemas.json'];

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** The app's `esteira.schemas.json`. @throws EsteiraError ESTEIRA_USAGE when there is none, ESTEIRA_CONFIG_INVALID */
export const schemaProject = async (cwd: string, given: string | undefined): Promise<SchemaProject> => {
  for (const place of given === undefined ? USUAL_PLACES : [given]) {
    const path = resolve(cwd, place);
    if (await exists(path)) return loadSchemaProject(path);
  }
  throw new EsteiraError(
    'ESTEIRA_USAGE',
    `there is no ${given ?? USUAL_PLACES.join(' or ')} here: it says where the .avsc files are and what is generated from them; give --project PATH`,
  );
};

const avscFiles = async (folder: string): Promise<readonly string[]> => {
  const found = await readdir(folder).catch(() => []);
  return found.filter((name) => name.endsWith('.avsc')).map((name) => join(folder, name));
};

/** The schemas of Esteira's own topics, which every registry of an app needs beside the app's. */
export const ownSchemaFiles = async (): Promise<readonly string[]> => {
  const { folder } = await packageRoot();
  const schemas = join(folder, 'schemas');
  const folders = await Promise.all([
    avscFiles(join(schemas, 'telemetry')),
    avscFiles(join(schemas, 'audit')),
  ]);
  return [...folders.flat(), join(schemas, 'events', 'job-failed.avsc')];
};

/** The app's schema files and Esteira's own, each once. */
export const allSchemaFiles = async (project: SchemaProject): Promise<readonly string[]> => [
  ...new Set([...project.files, ...(await ownSchemaFiles())]),
];
