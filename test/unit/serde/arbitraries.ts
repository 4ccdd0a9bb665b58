import fc from 'fast-check';
import type { AvroContract } from '../../../src/core/contract.ts';
import type { SchemaModel } from '../../../src/serde/schema-model.ts';
import { readSchema } from '../../../src/serde/schema-reader.ts';
import { contractOf } from './contracts.ts';

/** A contract with what the others leave out of the subset. */
export const EVERYTHING = contractOf<unknown>('a.Everything', [
  { name: 'flag', type: 'boolean', doc: 'd' },
  { name: 'double', type: 'double', doc: 'd' },
  { name: 'bytes', type: 'bytes', doc: 'd' },
  { name: 'maybe', type: ['null', { type: 'map', values: { type: 'array', items: 'long' } }], doc: 'd' },
  {
    name: 'nested',
    doc: 'd',
    type: {
      type: 'array',
      items: {
        type: 'record',
        name: 'Nested',
        doc: 'd',
        fields: [
          { name: 'kind', doc: 'd', type: { type: 'enum', name: 'Kind', doc: 'd', symbols: ['A', 'B'] } },
          { name: 'again', doc: 'd', type: ['null', 'Kind'] },
          { name: 'texts', doc: 'd', type: { type: 'map', values: ['null', 'string'] } },
        ],
      },
    },
  },
]);

/** Where avsc's own bytes are right; what lies beyond has a test of its own below. */
const LONGEST = 2 ** 52 - 1;

const text = fc.string({ unit: 'grapheme' }).map((value) => value.toWellFormed());

const arbitraryOf = (type: SchemaModel): fc.Arbitrary<unknown> => {
  switch (type.kind) {
    case 'record':
      return fc.record(
        Object.fromEntries(type.fields.map((field) => [field.name, arbitraryOf(field.type)])),
        {
          noNullPrototype: true,
        },
      );
    case 'enum':
      return fc.constantFrom(...type.symbols);
    case 'array':
      return fc.array(arbitraryOf(type.items));
    case 'map':
      return fc.dictionary(text, arbitraryOf(type.values), { noNullPrototype: true });
    case 'nullable':
      return fc.option(arbitraryOf(type.of));
    default:
      return primitive(type.name);
  }
};

const primitive = (name: string): fc.Arbitrary<unknown> => {
  if (name === 'boolean') return fc.boolean();
  if (name === 'int') return fc.integer();
  if (name === 'long') return fc.integer({ min: -LONGEST, max: LONGEST });
  if (name === 'double') return fc.double();
  if (name === 'bytes') return fc.uint8Array().map((bytes) => Buffer.from(bytes));
  return text;
};

/** Any value of a contract. */
export const arbitraryFor = (contract: AvroContract<unknown>): fc.Arbitrary<unknown> => {
  const { record, problems } = readSchema(contract.schema);
  if (record === undefined || problems.length > 0) throw new Error(JSON.stringify(problems));
  return arbitraryOf(record);
};
