import { z } from 'zod';
import type { AvroContract, Json } from '../core/contract.ts';
import type { PayloadCheck } from '../core/event.ts';

/**
 * Which parts of a payload are marked as personal: in an Avro schema a field with `"personal": true`, in a Zod schema what
 * has `.meta({ personal: true })`.
 */
export interface PersonalFields {
  /** Whether the value itself is, with everything in it. */
  readonly isPersonal: boolean;
  /** By name of field. */
  readonly fields: ReadonlyMap<string, PersonalFields>;
  /** Of every element of a list, or every value of a map. */
  readonly items?: PersonalFields;
}

/** A payload of which nothing is known. */
export const NOTHING_PERSONAL: PersonalFields = { isPersonal: false, fields: new Map() };

const ALL_PERSONAL: PersonalFields = { isPersonal: true, fields: new Map() };

/** No schema that is allowed is deeper; one that contains itself ends here. */
const DEEPEST = 30;

type JsonObject = { readonly [key: string]: Json };

const isObject = (json: Json | undefined): json is JsonObject =>
  typeof json === 'object' && json !== null && !Array.isArray(json);

/** Both, where two schemas speak of one value. */
const both = (a: PersonalFields, b: PersonalFields): PersonalFields => {
  const fields = new Map(a.fields);
  for (const [name, field] of b.fields) fields.set(name, both(fields.get(name) ?? NOTHING_PERSONAL, field));
  const items =
    a.items === undefined || b.items === undefined ? (a.items ?? b.items) : both(a.items, b.items);
  return {
    isPersonal: a.isPersonal || b.isPersonal,
    fields,
    ...(items === undefined ? {} : { items }),
  };
};

const several = (all: readonly PersonalFields[]): PersonalFields => all.reduce(both, NOTHING_PERSONAL);

/** Reads the marks of one Avro schema; named types are remembered, as a later use is by name. */
class AvroMarks {
  readonly #named = new Map<string, JsonObject>();

  of(schema: Json | undefined, depth = 0): PersonalFields {
    if (depth > DEEPEST) return NOTHING_PERSONAL;
    if (Array.isArray(schema)) return several(schema.map((branch: Json) => this.of(branch, depth + 1)));
    if (typeof schema === 'string') return this.#byName(schema, depth);
    if (!isObject(schema)) return NOTHING_PERSONAL;
    const { type, name } = schema;
    if (typeof name === 'string') this.#named.set(name, schema);
    if (type === 'record') return this.#record(schema, depth);
    if (type === 'array') return this.#items(schema['items'], depth);
    if (type === 'map') return this.#items(schema['values'], depth);
    return type === 'enum' ? NOTHING_PERSONAL : this.of(type, depth + 1);
  }

  #byName(name: string, depth: number): PersonalFields {
    const schema = this.#named.get(name) ?? this.#named.get(name.split('.').at(-1) ?? '');
    return schema === undefined ? NOTHING_PERSONAL : this.of(schema, depth + 1);
  }

  #items(schema: Json | undefined, depth: number): PersonalFields {
    return { ...NOTHING_PERSONAL, items: this.of(schema, depth + 1) };
  }

  #record({ fields }: JsonObject, depth: number): PersonalFields {
    const found = new Map<string, PersonalFields>();
    for (const field of Array.isArray(fields) ? fields : []) {
      if (!isObject(field) || typeof field['name'] !== 'string') continue;
      const marks = field['personal'] === true ? ALL_PERSONAL : this.of(field['type'], depth + 1);
      found.set(field['name'], marks);
    }
    return { isPersonal: false, fields: found };
  }
}

const ofZod = (schema: unknown, depth = 0): PersonalFields => {
  if (depth > DEEPEST || !(schema instanceof z.ZodType)) return NOTHING_PERSONAL;
  if (schema.meta()?.['personal'] === true) return ALL_PERSONAL;
  const next = (one: unknown): PersonalFields => ofZod(one, depth + 1);
  if (schema instanceof z.ZodObject) {
    const shape: Readonly<Record<string, unknown>> = schema.shape;
    return {
      isPersonal: false,
      fields: new Map(Object.entries(shape).map(([name, one]) => [name, next(one)])),
    };
  }
  if (schema instanceof z.ZodArray) return { ...NOTHING_PERSONAL, items: next(schema.element) };
  if (schema instanceof z.ZodRecord) return { ...NOTHING_PERSONAL, items: next(schema.valueType) };
  if (schema instanceof z.ZodUnion) return several(schema.options.map(next));
  return several(partsOf(schema).map(next));
};

/** What a wrapper wraps: optional, nullable, default, readonly, pipe and the like. */
const partsOf = (schema: z.ZodType): readonly unknown[] => {
  const def: object = schema.def;
  return ['innerType', 'in', 'out', 'left', 'right'].flatMap((name) => {
    const part: unknown = Reflect.get(def, name);
    return part === undefined ? [] : [part];
  });
};

/** What the schema of a payload and its check mark as personal, taken together. */
export const personalFieldsOf = (
  contract: Pick<AvroContract<unknown>, 'schema'> | undefined,
  check: PayloadCheck,
): PersonalFields =>
  both(
    contract === undefined ? NOTHING_PERSONAL : new AvroMarks().of(contract.schema),
    check === 'none' ? NOTHING_PERSONAL : ofZod(check),
  );
