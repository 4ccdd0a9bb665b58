import type { AvroContract, Json } from '../../../core/contract.ts';
import type { PayloadCheck } from '../../../core/event.ts';
import { judgeName } from '../../../security/secret-names.ts';
import { isJsonObject, type SchemaModel } from '../../../serde/schema-model.ts';
import { readSchema } from '../../../serde/schema-reader.ts';
import { jsonSchemaOf } from './sample-value.ts';

/** A field that can hold a text or a number, and where it is. */
interface Leaf {
  readonly path: string;
  readonly name: string;
}

const join = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

const avroLeaves = (model: SchemaModel, path: string, name: string): readonly Leaf[] => {
  switch (model.kind) {
    case 'nullable':
      return avroLeaves(model.of, path, name);
    case 'array':
      return avroLeaves(model.items, `${path}[]`, name);
    case 'map':
      return avroLeaves(model.values, `${path}{}`, name);
    case 'record':
      return model.fields.flatMap((field) => avroLeaves(field.type, join(path, field.name), field.name));
    case 'enum':
      return [];
    case 'primitive':
      return model.name === 'boolean' || model.name === 'null' ? [] : [{ path, name }];
  }
};

const jsonLeaves = (schema: Json | undefined, path: string, name: string): readonly Leaf[] => {
  if (!isJsonObject(schema)) return [];
  const { properties } = schema;
  if (isJsonObject(properties))
    return Object.entries(properties).flatMap(([field, one]) => jsonLeaves(one, join(path, field), field));
  const choices = schema['anyOf'] ?? schema['oneOf'] ?? schema['allOf'];
  if (Array.isArray(choices)) return choices.flatMap((one: Json) => jsonLeaves(one, path, name));
  if (schema['type'] === 'array') return jsonLeaves(schema['items'], `${path}[]`, name);
  return schema['type'] === 'boolean' || schema['type'] === 'null' ? [] : [{ path, name }];
};

/** Paths of fields whose names say that a secret is to stand in them. */
export const secretFields = (
  contract: AvroContract<unknown> | undefined,
  check: PayloadCheck,
): readonly string[] => {
  const record = contract === undefined ? undefined : readSchema(contract.schema).record;
  const leaves = [
    ...(record === undefined ? [] : avroLeaves(record, '', '')),
    ...jsonLeaves(jsonSchemaOf(check), '', ''),
  ];
  return [...new Set(leaves.filter(({ name }) => judgeName(name) === 'secret').map(({ path }) => path))];
};
