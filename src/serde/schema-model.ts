import type { Json } from '../core/contract.ts';

/** The primitive types of Avro. */
const PRIMITIVES = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'] as const;

export type Primitive = (typeof PRIMITIVES)[number];

/** An enum: a closed list of symbols, a string at run time. */
export interface EnumModel {
  readonly kind: 'enum';
  readonly fullName: string;
  readonly name: string;
  readonly doc: string;
  readonly symbols: readonly string[];
}

export interface FieldModel {
  readonly name: string;
  readonly doc: string;
  readonly type: SchemaModel;
  readonly hasDefault: boolean;
}

export interface RecordModel {
  readonly kind: 'record';
  readonly fullName: string;
  readonly name: string;
  readonly doc: string;
  readonly fields: readonly FieldModel[];
}

/** The subset of Avro that Esteira accepts; see schemas/README.md for why it is so small. */
export type SchemaModel =
  | { readonly kind: 'primitive'; readonly name: Primitive; readonly logicalType?: string }
  | { readonly kind: 'nullable'; readonly of: SchemaModel }
  | { readonly kind: 'array'; readonly items: SchemaModel }
  | { readonly kind: 'map'; readonly values: SchemaModel }
  | EnumModel
  | RecordModel;

/** Something a schema may not be, and where in it. */
export interface SchemaProblem {
  /** Names from the root down, e.g. `InvoicePaid.lines`. */
  readonly path: string;
  readonly problem: string;
}

/** A JSON object, and not null or an array. */
export const isJsonObject = (json: Json | undefined): json is { readonly [key: string]: Json } =>
  typeof json === 'object' && json !== null && !Array.isArray(json);

/** Whether `text` names a primitive type. */
export const isPrimitive = (text: string): text is Primitive => PRIMITIVES.some((name) => name === text);
