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
  /** By name of field; of a list whose places differ, by place. */
  readonly fields: ReadonlyMap<string, PersonalFields>;
  /** Of every element of a list, or every value of a map, that is not in `fields`. */
  readonly items?: PersonalFields;
}

/** A payload of which nothing is known. */
export const NOTHING_PERSONAL: PersonalFields = { isPersonal: false, fields: new Map() };

const ALL_PERSONAL: PersonalFields = { isPersonal: true, fields: new Map() };

/** No schema that is allowed is deeper; one that contains itself ends here. */
const DEEPEST = 30;

const hasMarks = (marks: PersonalFields, seen = new Set<PersonalFields>()): boolean => {
  if (marks.isPersonal) return true;
  if (seen.has(marks)) return false;
  seen.add(marks);
  const parts = [...marks.fields.values(), ...(marks.items === undefined ? [] : [marks.items])];
  return parts.some((part) => hasMarks(part, seen));
};

/** What is too deep to be known is hidden where anything of the schema is: its marks may come again there. */
const untilDeepest = (read: (deeper: PersonalFields) => PersonalFields): PersonalFields => {
  const marks = read(NOTHING_PERSONAL);
  return hasMarks(marks) ? read(ALL_PERSONAL) : NOTHING_PERSONAL;
};

type JsonObject = { readonly [key: string]: Json };

const isObject = (json: Json | undefined): json is JsonObject =>
  typeof json === 'object' && json !== null && !Array.isArray(json);

/** Both, where two schemas speak of one value. */
const both = (a: PersonalFields, b: PersonalFields): PersonalFields => {
  if (a === NOTHING_PERSONAL || a === b) return b;
  if (b === NOTHING_PERSONAL) return a;
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

const lastWordOf = (name: string): string => name.slice(name.lastIndexOf('.') + 1);

/** Reads the marks of one Avro schema; named types are remembered, as a later use is by name. */
class AvroMarks {
  readonly #named = new Map<string, JsonObject>();
  readonly #deeper: PersonalFields;

  constructor(deeper: PersonalFields) {
    this.#deeper = deeper;
  }

  of(schema: Json | undefined, depth = 0): PersonalFields {
    if (depth > DEEPEST) return this.#deeper;
    if (Array.isArray(schema)) return several(schema.map((branch: Json) => this.of(branch, depth + 1)));
    if (typeof schema === 'string') return this.#byName(schema, depth);
    if (!isObject(schema)) return NOTHING_PERSONAL;
    const { type, name } = schema;
    if (typeof name === 'string') {
      this.#named.set(name, schema);
      // It may be named in full, and be meant by its last word within its namespace.
      if (!this.#named.has(lastWordOf(name))) this.#named.set(lastWordOf(name), schema);
    }
    if (type === 'record') return this.#record(schema, depth);
    if (type === 'array') return this.#items(schema['items'], depth);
    if (type === 'map') return this.#items(schema['values'], depth);
    return type === 'enum' ? NOTHING_PERSONAL : this.of(type, depth + 1);
  }

  #byName(name: string, depth: number): PersonalFields {
    const schema = this.#named.get(name) ?? this.#named.get(lastWordOf(name));
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

/** Reads the marks of one Zod schema; what is met again at the same depth is not looked at again. */
class ZodMarks {
  readonly #known: Map<z.ZodType, PersonalFields>[] = [];
  readonly #deeper: PersonalFields;

  constructor(deeper: PersonalFields) {
    this.#deeper = deeper;
  }

  of(schema: unknown, depth = 0): PersonalFields {
    if (!(schema instanceof z.ZodType)) return NOTHING_PERSONAL;
    if (depth > DEEPEST) return this.#deeper;
    const known = this.#known[depth] ?? new Map<z.ZodType, PersonalFields>();
    this.#known[depth] = known;
    const found = known.get(schema) ?? this.#look(schema, depth + 1);
    known.set(schema, found);
    return found;
  }

  #look(schema: z.ZodType, depth: number): PersonalFields {
    if (schema.meta()?.['personal'] === true) return ALL_PERSONAL;
    const next = (one: unknown): PersonalFields => this.of(one, depth);
    if (schema instanceof z.ZodObject) {
      const shape: Readonly<Record<string, unknown>> = schema.shape;
      const fields = Object.entries(shape).map(([name, one]) => [name, next(one)] as const);
      return { isPersonal: false, fields: new Map(fields), items: next(schema.def.catchall) };
    }
    if (schema instanceof z.ZodTuple) {
      const fields = schema.def.items.map((one, index) => [String(index), next(one)] as const);
      return { isPersonal: false, fields: new Map(fields), items: next(schema.def.rest) };
    }
    if (schema instanceof z.ZodArray) return { ...NOTHING_PERSONAL, items: next(schema.element) };
    if (schema instanceof z.ZodRecord) return { ...NOTHING_PERSONAL, items: next(schema.valueType) };
    if (schema instanceof z.ZodUnion) return several(schema.options.map(next));
    if (schema instanceof z.ZodLazy) return next(schema.def.getter());
    return several(partsOf(schema).map(next));
  }
}

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
    contract === undefined
      ? NOTHING_PERSONAL
      : untilDeepest((deeper) => new AvroMarks(deeper).of(contract.schema)),
    check === 'none' ? NOTHING_PERSONAL : untilDeepest((deeper) => new ZodMarks(deeper).of(check)),
  );
