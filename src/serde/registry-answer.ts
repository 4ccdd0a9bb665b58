import { z } from 'zod';
import type { Json } from '../core/contract.ts';
import { EsteiraError } from '../core/errors.ts';
import { LARGEST_SCHEMA_ID } from './frame.ts';
import type { RegistryAnswer } from './registry-transport.ts';

/** A frame has 32 bits for the id. A registry that gives larger ones must be set to give its content ids. */
const SchemaId = z.int().min(1).max(LARGEST_SCHEMA_ID);

export const SchemaAnswer = z.object({ schema: z.string(), schemaType: z.string().optional() });
export const RegisteredAnswer = z.object({ id: SchemaId, version: z.int(), schema: z.string() });
export const IdAnswer = z.object({ id: SchemaId });
export const LevelAnswer = z.object({ compatibilityLevel: z.string() });
/** What a change of the level answers: Confluent and Apicurio name its field differently. */
export const AnyAnswer = z.record(z.string(), z.unknown());
export const CompatibleAnswer = z.object({
  is_compatible: z.boolean(),
  messages: z.array(z.string()).optional(),
});
const ErrorAnswer = z.object({ error_code: z.int(), message: z.string().optional() });

/** Subject, version or schema not found, or no own compatibility level. */
const NOT_FOUND_CODES: readonly number[] = [40401, 40402, 40403, 40408];

/**
 * The answer in its expected shape, or undefined when the registry says that there is no such thing.
 *
 * A 404 without the registry's own code is not such an answer: it comes from a proxy or a wrong path, and taking it for
 * one would make every record of a running system undecodable.
 *
 * @throws EsteiraError ESTEIRA_REGISTRY_UNAVAILABLE for everything else.
 */
export const expectAnswer = <T>(shape: z.ZodType<T>, answer: RegistryAnswer, host: string): T | undefined => {
  if (answer.status === 200) {
    const parsed = shape.safeParse(answer.body);
    if (parsed.success) return parsed.data;
  }
  const code = errorCode(answer);
  if (answer.status === 404 && code !== undefined && NOT_FOUND_CODES.includes(code)) return undefined;
  throw unexpected(answer, host);
};

/** The registry's own words when it refuses a schema (409, 422); undefined when it did not. */
export const refusalOf = (answer: RegistryAnswer): string | undefined => {
  if (answer.status !== 409 && answer.status !== 422) return undefined;
  const parsed = ErrorAnswer.safeParse(answer.body);
  return (parsed.success ? parsed.data.message : undefined) ?? `status ${answer.status}`;
};

/** The schema as JSON; what is no Avro stays the text it is. */
export const schemaJson = ({ schema, schemaType }: z.infer<typeof SchemaAnswer>): Json => {
  if (schemaType !== undefined && schemaType !== 'AVRO') return schema;
  try {
    const json: Json = JSON.parse(schema);
    return json;
  } catch {
    return schema;
  }
};

const errorCode = (answer: RegistryAnswer): number | undefined => {
  const parsed = ErrorAnswer.safeParse(answer.body);
  return parsed.success ? parsed.data.error_code : undefined;
};

const unexpected = (answer: RegistryAnswer, host: string): EsteiraError => {
  const { status } = answer;
  const code = errorCode(answer);
  return new EsteiraError(
    'ESTEIRA_REGISTRY_UNAVAILABLE',
    `The schema registry at ${host} gave no usable answer (status ${status}). ${ADVICE[status] ?? ''}`.trim(),
    { facts: { host, status, failure: 'status', ...(code === undefined ? {} : { registryCode: code }) } },
  );
};

const ADVICE: Readonly<Record<number, string>> = {
  200: 'Is it a Confluent-compatible registry, and are its ids 32 bits?',
  401: 'Check its user and password.',
  403: 'Check what its user may do.',
  404: 'Check the path of SCHEMA_REGISTRY_URL.',
};
