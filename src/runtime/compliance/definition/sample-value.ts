import { z } from 'zod';
import type { AvroContract, Json } from '../../../core/contract.ts';
import type { PayloadCheck } from '../../../core/event.ts';
import { judgeName } from '../../../security/secret-names.ts';
import { isJsonObject, type SchemaModel } from '../../../serde/schema-model.ts';
import { readSchema } from '../../../serde/schema-reader.ts';

type JsonObject = { readonly [key: string]: Json };

/** A moment in 2026: samples are the same in every run. */
const MOMENT_MS = Date.UTC(2026, 0, 15, 12);

const numberOf = (logicalType: string | undefined): number =>
  logicalType?.startsWith('timestamp') === true ? MOMENT_MS : 1;

/** Where a secret is to stand a reference to one may. */
const sampleText = (name: string): string =>
  judgeName(name) === 'secret' ? `vault:sample-${name}` : `sample-${name}`;

/** A value of an Avro type, as small as can be without being empty. */
const avroValue = (model: SchemaModel, name: string): unknown => {
  switch (model.kind) {
    case 'nullable':
      return avroValue(model.of, name);
    case 'array':
      return [avroValue(model.items, name)];
    case 'map':
      return { sample: avroValue(model.values, name) };
    case 'enum':
      return model.symbols[0];
    case 'record':
      return Object.fromEntries(model.fields.map((field) => [field.name, avroValue(field.type, field.name)]));
    case 'primitive':
      if (model.name === 'string') return sampleText(name);
      if (model.name === 'bytes') return Buffer.from('sample');
      if (model.name === 'boolean') return true;
      return model.name === 'null' ? null : numberOf(model.logicalType);
  }
};

const FORMATS: Readonly<Record<string, string>> = {
  email: 'someone@example.com',
  uuid: '6f1d2c7e-9b4a-4d0e-8c3a-5e7f10b2d493',
  uri: 'https://example.com/sample',
  'date-time': '2026-01-15T12:00:00.000Z',
  date: '2026-01-15',
  time: '12:00:00',
};

const numberIn = (schema: JsonObject, name: string): unknown => schema[name];

const textOf = (schema: JsonObject, before: unknown, name: string): string => {
  const known = typeof schema['format'] === 'string' ? FORMATS[schema['format']] : undefined;
  if (known !== undefined) return known;
  const text = typeof before === 'string' ? before : sampleText(name);
  const least = numberIn(schema, 'minLength');
  const most = numberIn(schema, 'maxLength');
  const padded = typeof least === 'number' ? text.padEnd(least, 'x') : text;
  return typeof most === 'number' ? padded.slice(0, most) : padded;
};

const amountOf = (schema: JsonObject, before: unknown): number => {
  const least = numberIn(schema, 'minimum');
  const above = numberIn(schema, 'exclusiveMinimum');
  const most = numberIn(schema, 'maximum');
  const floor = Math.max(
    typeof least === 'number' ? least : Number.NEGATIVE_INFINITY,
    typeof above === 'number' ? above + 1 : Number.NEGATIVE_INFINITY,
  );
  const wanted = Math.max(typeof before === 'number' ? before : 1, floor);
  return typeof most === 'number' ? Math.min(wanted, most) : wanted;
};

const fitObject = (schema: JsonObject, before: unknown): unknown => {
  const known = new Map<string, unknown>(
    typeof before === 'object' && before !== null ? Object.entries(before) : [],
  );
  const properties = schema['properties'];
  if (isJsonObject(properties)) {
    for (const [name, property] of Object.entries(properties))
      known.set(name, fitting(property, known.get(name), name));
  }
  return Object.fromEntries(known);
};

const fitList = (schema: JsonObject, before: unknown, name: string): unknown => {
  const least = numberIn(schema, 'minItems');
  const [first] = Array.isArray(before) ? before : [];
  const count = Math.max(1, typeof least === 'number' ? Math.min(least, 100) : 1);
  return Array.from({ length: count }, () => fitting(schema['items'], first, name));
};

const isNull = (schema: Json): boolean => isJsonObject(schema) && schema['type'] === 'null';

/** What `before` must become to pass a JSON schema, as far as simple rules go; whoever asks checks the result. */
const fitting = (schema: Json | undefined, before: unknown, name: string): unknown => {
  if (!isJsonObject(schema)) return before;
  if (schema['const'] !== undefined) return schema['const'];
  if (Array.isArray(schema['enum'])) return schema['enum'][0];
  const choices = schema['anyOf'] ?? schema['oneOf'];
  if (Array.isArray(choices)) {
    const choice = choices.find((one: Json) => !isNull(one));
    return choice === undefined ? null : fitting(choice, before, name);
  }
  if (Array.isArray(schema['allOf']))
    return schema['allOf'].reduce((value: unknown, one: Json) => fitting(one, value, name), before);
  switch (schema['type']) {
    case 'string':
      return textOf(schema, before, name);
    case 'integer':
    case 'number':
      return amountOf(schema, before);
    case 'boolean':
      return before ?? true;
    case 'array':
      return fitList(schema, before, name);
    case 'object':
      return fitObject(schema, before);
    default:
      return before;
  }
};

/** What a check says of its payload as JSON schema; empty where it says nothing that can be written so. */
export const jsonSchemaOf = (check: PayloadCheck): Json => {
  if (check === 'none') return {};
  try {
    const schema: Json = JSON.parse(JSON.stringify(z.toJSONSchema(check, { unrepresentable: 'any' })));
    return schema;
  } catch {
    // A check that has no JSON schema is asked about payloads, and about nothing else.
    return {};
  }
};

/** Makes a payload of what its schema and its check say. It may still break a check that says more than JSON schema can. */
export const makeSample = (contract: AvroContract<unknown> | undefined, check: PayloadCheck): unknown => {
  const record = contract === undefined ? undefined : readSchema(contract.schema).record;
  const base = record === undefined ? undefined : avroValue(record, 'payload');
  return fitting(jsonSchemaOf(check), base, 'payload');
};
