import { EsteiraError } from '../core/errors.ts';
import { checkSubject, type RegistryCommandOptions, readSubjects, type SubjectFile } from './check.ts';
import { RegistryClient } from './registry-client.ts';

/** The level every subject of Esteira has: each version can read and be read by all others (docs/adr/0003). */
const COMPATIBILITY_LEVEL = 'FULL_TRANSITIVE';

/** What registering a schema came to. */
export interface SchemaRegistration {
  readonly file: string;
  readonly subject: string;
  readonly id: number;
  readonly version: number;
  /** False when exactly this schema was registered before. */
  readonly registered: boolean;
}

/**
 * Registers schemas under the full names of their records and sets the level of their subjects. Safe to repeat.
 * Everything is checked first: when one schema is incompatible, none is registered.
 *
 * @throws EsteiraError ESTEIRA_SCHEMA_INCOMPATIBLE (facts: subjects), ESTEIRA_SCHEMA_INVALID (breach of the subset),
 *   ESTEIRA_REGISTRY_UNAVAILABLE.
 */
export const registerSchemas = async (
  options: RegistryCommandOptions,
): Promise<readonly SchemaRegistration[]> => {
  const client = new RegistryClient(options.registry);
  const subjects = await readSubjects(options.files);
  await requireCompatible(client, subjects);
  const registrations: SchemaRegistration[] = [];
  for (const named of subjects) registrations.push(await registerSubject(client, named));
  return registrations;
};

const requireCompatible = async (client: RegistryClient, subjects: readonly SubjectFile[]): Promise<void> => {
  const refused: { subject: string; reason: string }[] = [];
  for (const named of subjects) {
    const { state, subject, messages } = await checkSubject(client, named);
    if (state === 'incompatible') refused.push({ subject, reason: messages.join('; ') });
  }
  if (refused.length > 0) throw incompatible(refused);
};

const registerSubject = async (client: RegistryClient, named: SubjectFile): Promise<SchemaRegistration> => {
  const { subject, schema, path: file } = named;
  const known = await client.lookUp(subject, schema);
  if (known === undefined) {
    const { refused } = await client.register(subject, schema);
    if (refused !== undefined) throw incompatible([{ subject, reason: refused }]);
  }
  await ensureLevel(client, subject);
  const now = known ?? (await client.lookUp(subject, schema));
  if (now === undefined) {
    throw new EsteiraError(
      'ESTEIRA_REGISTRY_UNAVAILABLE',
      `The registry took ${subject} and does not have it.`,
      {
        facts: { subject },
      },
    );
  }
  return { file, subject, id: now.id, version: now.version, registered: known === undefined };
};

/** Two deploys may set the level at once; the registry refuses one of them, and what counts is what it then has. */
const ensureLevel = async (client: RegistryClient, subject: string): Promise<void> => {
  if ((await client.level(subject)) === COMPATIBILITY_LEVEL) return;
  try {
    await client.setLevel(subject, COMPATIBILITY_LEVEL);
  } catch (error) {
    if ((await client.level(subject)) !== COMPATIBILITY_LEVEL) throw error;
  }
};

const incompatible = (refused: readonly { subject: string; reason: string }[]): EsteiraError =>
  new EsteiraError(
    'ESTEIRA_SCHEMA_INCOMPATIBLE',
    `Not registered: ${refused.map(({ subject, reason }) => `${subject}: ${reason}`).join('. ')}.`,
    { facts: { subjects: refused.map(({ subject }) => subject) } },
  );
