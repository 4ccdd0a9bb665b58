import type { Json } from '../core/contract.ts';
import {
  type EnumModel,
  type FieldModel,
  isJsonObject,
  isPrimitive,
  type RecordModel,
  type SchemaModel,
  type SchemaProblem,
} from './schema-model.ts';

/** What reading a schema came to: a model where there is one, and every breach of the subset. */
export interface SchemaReading {
  readonly record?: RecordModel;
  readonly problems: readonly SchemaProblem[];
}

type JsonObject = { readonly [key: string]: Json };

const NAME = /^[A-Za-z][A-Za-z0-9_]*$/;
const NAMESPACE = /^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)*$/;
const NO_TYPE: SchemaModel = { kind: 'primitive', name: 'null' };

/** Reads an Avro schema into the model and collects everything outside the subset. Never throws. */
export const readSchema = (schema: Json): SchemaReading => {
  const reader = new SchemaReader();
  if (!isJsonObject(schema) || schema['type'] !== 'record') {
    return { problems: [{ path: '(root)', problem: 'must be a record' }] };
  }
  if (typeof schema['namespace'] !== 'string') reader.report('(root)', 'a namespace is required');
  const record = reader.record(schema, '', '');
  return { record, problems: reader.problems };
};

/** One pass over one schema; holds the names defined so far, as Avro allows a later use by name. */
class SchemaReader {
  readonly problems: SchemaProblem[] = [];
  readonly #named = new Map<string, EnumModel | RecordModel>();
  readonly #open = new Set<string>();

  report(path: string, problem: string): void {
    this.problems.push({ path, problem });
  }

  record(schema: JsonObject, namespace: string, path: string): RecordModel {
    const { name, fullName, inner } = this.#name(schema, namespace, path);
    const here = path === '' ? name : path;
    const doc = this.#doc(schema, here);
    this.#open.add(fullName);
    const listed = schema['fields'];
    if (!Array.isArray(listed)) this.report(here, 'a record needs a list of fields');
    const fields = (Array.isArray(listed) ? listed : []).map((field) => this.#field(field, inner, here));
    this.#open.delete(fullName);
    this.#unique(
      fields.map((field) => field.name),
      here,
      'field',
    );
    return this.#define({ kind: 'record', fullName, name, doc, fields }, here);
  }

  #field(field: Json, namespace: string, path: string): FieldModel {
    if (!isJsonObject(field)) {
      this.report(path, 'a field must be an object');
      return { name: '', doc: '', type: NO_TYPE, hasDefault: false };
    }
    const name = typeof field['name'] === 'string' ? field['name'] : '';
    const here = `${path}.${name}`;
    if (!NAME.test(name)) this.report(here, 'a field name is a letter, then letters, digits or _');
    this.#noAliases(field, here);
    if ('personal' in field && typeof field['personal'] !== 'boolean')
      this.report(here, 'personal is true or false');
    const type = this.#type(field['type'], namespace, here);
    const hasDefault = 'default' in field;
    if (hasDefault && type.kind === 'nullable' && field['default'] !== null) {
      this.report(here, 'the default of a nullable type can only be null, its first branch');
    }
    return { name, doc: this.#doc(field, here), type, hasDefault };
  }

  #type(schema: Json | undefined, namespace: string, path: string): SchemaModel {
    if (typeof schema === 'string') return this.#byName(schema, namespace, path);
    if (Array.isArray(schema)) return this.#union(schema, namespace, path);
    if (!isJsonObject(schema)) return this.#refuse(path, 'a type is missing');
    switch (schema['type']) {
      case 'record':
        return this.record(schema, namespace, path);
      case 'enum':
        return this.#enum(schema, namespace, path);
      case 'array':
        return { kind: 'array', items: this.#items(schema['items'], namespace, path, 'array') };
      case 'map':
        return { kind: 'map', values: this.#items(schema['values'], namespace, path, 'map') };
      default:
        return this.#primitive(schema, namespace, path);
    }
  }

  #byName(name: string, namespace: string, path: string): SchemaModel {
    if (isPrimitive(name)) return { kind: 'primitive', name };
    const fullName = name.includes('.') || namespace === '' ? name : `${namespace}.${name}`;
    if (this.#open.has(fullName)) return this.#refuse(path, `${name} contains itself: no recursion`);
    return (
      this.#named.get(fullName) ??
      this.#refuse(path, `type ${name} is outside the subset or not defined in this file before`)
    );
  }

  #primitive(schema: JsonObject, namespace: string, path: string): SchemaModel {
    const type = this.#type(schema['type'], namespace, path);
    const logicalType = schema['logicalType'];
    if (logicalType === undefined || type.kind !== 'primitive') return type;
    if (logicalType !== 'timestamp-millis' || type.name !== 'long') {
      return this.#refuse(path, 'the only logical type is timestamp-millis, on a long');
    }
    return { ...type, logicalType };
  }

  #union(branches: readonly Json[], namespace: string, path: string): SchemaModel {
    const [first, second] = branches;
    if (branches.length !== 2 || first !== 'null' || second === 'null') {
      return this.#refuse(path, 'a union can only be ["null", X]');
    }
    const of = this.#type(second, namespace, path);
    return of.kind === 'nullable'
      ? this.#refuse(path, 'a union cannot hold a union')
      : { kind: 'nullable', of };
  }

  #enum(schema: JsonObject, namespace: string, path: string): EnumModel {
    const { name, fullName } = this.#name(schema, namespace, path);
    const doc = this.#doc(schema, path);
    const listed = schema['symbols'];
    const symbols = (Array.isArray(listed) ? listed : []).filter((symbol) => typeof symbol === 'string');
    if (symbols.length === 0 || !symbols.every((symbol) => NAME.test(symbol))) {
      this.report(path, 'an enum needs symbols, each a letter, then letters, digits or _');
    }
    this.#unique(symbols, path, 'symbol');
    return this.#define({ kind: 'enum', fullName, name, doc, symbols }, path);
  }

  /** Items of no bytes would let a few bytes on the wire claim any number of them. */
  #items(schema: Json | undefined, namespace: string, path: string, kind: string): SchemaModel {
    const items = this.#type(schema, namespace, `${path}[]`);
    if (canBeEmpty(items)) this.report(path, `an ${kind} cannot hold null or an empty record`);
    return items;
  }

  #name(
    schema: JsonObject,
    namespace: string,
    path: string,
  ): { name: string; fullName: string; inner: string } {
    const name = typeof schema['name'] === 'string' ? schema['name'] : '';
    const inner = typeof schema['namespace'] === 'string' ? schema['namespace'] : namespace;
    this.#noAliases(schema, path);
    if (!NAME.test(name))
      this.report(path, 'a type name is a letter, then letters, digits or _ (the namespace apart)');
    if (inner !== '' && !NAMESPACE.test(inner)) this.report(path, 'a namespace is names joined by dots');
    return { name, fullName: inner === '' ? name : `${inner}.${name}`, inner };
  }

  #noAliases(schema: JsonObject, path: string): void {
    if ('aliases' in schema)
      this.report(path, 'aliases are not understood by all readers: add a new field instead');
  }

  #doc(schema: JsonObject, path: string): string {
    const doc = schema['doc'];
    if (typeof doc === 'string' && doc.trim() !== '') return doc;
    this.report(path, 'a doc is required');
    return '';
  }

  #define<M extends EnumModel | RecordModel>(model: M, path: string): M {
    if (this.#named.has(model.fullName)) this.report(path, `${model.fullName} is defined twice`);
    this.#named.set(model.fullName, model);
    return model;
  }

  #unique(names: readonly string[], path: string, what: string): void {
    if (new Set(names).size !== names.length) this.report(path, `a ${what} is named twice`);
  }

  #refuse(path: string, problem: string): SchemaModel {
    this.report(path, problem);
    return NO_TYPE;
  }
}

const canBeEmpty = (type: SchemaModel): boolean => {
  if (type.kind === 'record') return type.fields.every((field) => canBeEmpty(field.type));
  return type.kind === 'primitive' && type.name === 'null';
};
