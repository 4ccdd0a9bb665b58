import { z } from 'zod';
import type { AppDefinition } from '../../core/app.ts';
import { EsteiraError, isEsteiraError } from '../../core/errors.ts';
import type { JobDefinition } from '../../core/job.ts';
import { unknownName } from '../../core/nearest-name.ts';
import { checkPayload } from '../../core/payload.ts';
import { findSecrets } from '../../security/secret-guard.ts';
import { createMemorySource } from '../../serde/memory-source.ts';
import { createSerde } from '../../serde/serde.ts';
import { makeSample } from './definition/sample-value.ts';
import { checkOf, contractOf, type Way, wayName } from './way.ts';

const byName = z.record(z.string(), z.unknown()).optional();

const SamplesShape = z.strictObject({ jobs: byName, events: byName, providers: byName });

/** Payloads by job type or event type, and answers by the name of the provider; what is not given is made. */
export type Samples = z.output<typeof SamplesShape>;

/** Samples as a file has them. @throws EsteiraError ESTEIRA_USAGE, never with what stands in it */
export const parseSamples = (text: string): Samples => {
  const refuse = (what: string): EsteiraError =>
    new EsteiraError(
      'ESTEIRA_USAGE',
      `--samples: ${what}: give JSON such as { "jobs": { "send-receipt": {…} }, "events": {…}, "providers": { "mail": {…} } }`,
    );
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message quotes the file, which may hold personal data.
    throw refuse('the file is not JSON');
  }
  const parsed = SamplesShape.safeParse(value);
  if (parsed.success) return parsed.data;
  throw refuse(
    parsed.error.issues.map(({ path, code }) => `${path.join('.') || 'the file'}: ${code}`).join('; '),
  );
};

/** A sample that is misspelt would be left out in silence. @throws EsteiraError ESTEIRA_USAGE */
export const requireKnownNames = (app: AppDefinition, { jobs = {}, events = {} }: Samples): void => {
  const require = (what: string, given: object, known: readonly string[]): void => {
    const unknown = Object.keys(given).find((name) => !known.includes(name));
    if (unknown === undefined) return;
    throw new EsteiraError(
      'ESTEIRA_USAGE',
      unknownName(`samples: app ${app.name} has no ${what}`, unknown, known),
    );
  };
  const types = app.jobs.map(({ type }) => type);
  require('job type', jobs, types);
  require('event', events, app.events.map(({ type }) => type));
};

/** A payload that can be delivered, or why there is none. */
export type Sample =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly why: string };

const encodable = async (way: Way, value: unknown): Promise<string | undefined> => {
  const contract = contractOf(way);
  if (contract === undefined) return undefined;
  const serde = createSerde({ source: createMemorySource([contract]) });
  try {
    await serde.encode(contract, value);
    return undefined;
  } catch (error) {
    if (!isEsteiraError(error, 'ESTEIRA_PAYLOAD_INVALID')) throw error;
    return 'its schema';
  }
};

/** The payload to deliver by a way: given for the job type, given for its event, or made of schema and check. */
export const sampleFor = async (
  job: JobDefinition<unknown>,
  way: Way,
  { jobs = {}, events = {} }: Samples,
): Promise<Sample> => {
  const ofEvent = way.kind === 'event' ? events[way.trigger.event.type] : undefined;
  const given = jobs[job.type] ?? ofEvent;
  const value = given ?? makeSample(contractOf(way), checkOf(way));
  const problems = checkPayload(checkOf(way), value);
  const broken = problems.length > 0 ? `its check (${problems.join('; ')})` : await encodable(way, value);
  const what = `the ${given === undefined ? 'payload made' : 'sample given'} for ${wayName(way)}`;
  if (broken !== undefined) return { ok: false, why: `${what} breaks ${broken}` };
  const secrets = findSecrets(value).map(({ path }) => path);
  if (secrets.length > 0)
    return { ok: false, why: `${what} holds what looks like a secret in ${secrets.join(', ')}` };
  return { ok: true, value };
};
