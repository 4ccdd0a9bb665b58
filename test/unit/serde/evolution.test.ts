import { describe, expect, it } from 'vitest';
import type { AvroContract, Json } from '../../../src/core/contract.ts';
import { evolutionProblems } from '../../../src/serde/evolution.ts';
import { createMemorySource, createSerde } from '../../../src/serde/index.ts';
import { contractOf } from './contracts.ts';

const LINE_V1 = { type: 'record', name: 'Line', fields: [{ name: 'cents', type: 'long' }] };
const LINE_V2 = {
  ...LINE_V1,
  fields: [...LINE_V1.fields, { name: 'note', type: 'string', default: 'none' }],
};
const LINES = { type: 'array', items: 'string' };
const TAGS = { type: 'map', values: { type: 'array', items: 'int' } };

const v1 = contractOf<unknown>('a.Bill', [
  { name: 'id', type: 'string' },
  { name: 'amount', type: 'int' },
  { name: 'line', type: LINE_V1 },
]);
const v2 = contractOf<unknown>('a.Bill', [
  { name: 'extra', type: LINES, default: [] },
  { name: 'tags', type: TAGS, default: { first: [1] } },
  { name: 'id', type: 'string' },
  { name: 'note', type: ['null', 'string'], default: null },
  { name: 'amount', type: 'int' },
  { name: 'line', type: LINE_V2 },
  { name: 'when', type: { type: 'long', logicalType: 'timestamp-millis' }, default: 0 },
]);

const transfer = async (writer: AvroContract<unknown>, reader: AvroContract<unknown>, value: unknown) => {
  const serde = createSerde({ source: createMemorySource([writer, reader]) });
  return serde.decode(reader, await serde.encode(writer, value));
};

describe('evolution', () => {
  const old = { id: 'x', amount: 5, line: { cents: 7 } };
  const young = {
    extra: ['a', 'b'],
    tags: { t: [1, 2, 3] },
    id: 'x',
    note: 'n',
    amount: 5,
    line: { cents: 7, note: 'y' },
    when: 9,
  };

  it('reads what an older writer wrote, with the defaults of the new fields', async () => {
    const result = await transfer(v1, v2, old);
    expect(result).toStrictEqual({
      ok: true,
      schemaId: 1,
      value: {
        ...old,
        extra: [],
        tags: { first: [1] },
        note: null,
        line: { cents: 7, note: 'none' },
        when: 0,
      },
    });
  });

  it('reads what a newer writer wrote, without the fields it does not know, wherever they stand', async () => {
    expect(await transfer(v2, v1, young)).toStrictEqual({ ok: true, schemaId: 1, value: old });
  });

  it('gives every record its own defaults', async () => {
    const serde = createSerde({ source: createMemorySource([v1, v2]) });
    const bytes = await serde.encode(v1, old);
    const first = await serde.decode(v2, bytes);
    if (first.ok) (first.value as { extra: string[] }).extra.push('mine');
    expect(await serde.decode(v2, bytes)).toMatchObject({ ok: true, value: { extra: [] } });
  });

  it('builds a resolver once for a writer and a reader', async () => {
    const memory = createMemorySource([v1, v2]);
    let asked = 0;
    const serde = createSerde({
      source: { ...memory, schemaById: (id) => memory.schemaById(id).finally(() => (asked += 1)) },
    });
    const bytes = await createSerde({ source: memory }).encode(v2, young);
    await serde.decode(v1, bytes);
    expect(serde.decode(v1, bytes)).toMatchObject({ ok: true });
    expect(serde.decode(v2, bytes)).toMatchObject({ ok: true });
    expect(asked).toBe(1);
  });

  const refused: [string, Json[], Json[]][] = [
    ['a field without a default is new', [], [{ name: 'n', type: 'int' }]],
    ['a type changes', [{ name: 'n', type: 'int' }], [{ name: 'n', type: 'string' }]],
    ['null is no longer allowed', [{ name: 'n', type: ['null', 'int'] }], [{ name: 'n', type: 'int' }]],
  ];
  it.each(refused)('answers SCHEMA_MISMATCH where %s', async (_, writer, reader) => {
    const fields = [{ name: 'id', type: 'string' }];
    const result = await transfer(
      contractOf('a.Bill', [...fields, ...writer]),
      contractOf('a.Bill', [...fields, ...reader]),
      { id: 'x', n: null, ...(writer.length > 0 && JSON.stringify(writer).includes('null') ? {} : { n: 1 }) },
    );
    expect(result).toMatchObject({
      ok: false,
      code: 'SCHEMA_MISMATCH',
      detail: expect.stringContaining('cannot'),
    });
  });

  it('drops a field whose type is outside the subset, as long as the reader does not want it', async () => {
    const foreign = contractOf<unknown>('a.Bill', [
      { name: 'odd', type: ['null', 'int', 'string', { type: 'fixed', name: 'F', size: 2 }] },
      { name: 'id', type: 'string' },
    ]);
    const memory = createMemorySource([foreign]);
    const serde = createSerde({ source: memory });
    const bytes = await serde.encode(foreign, { odd: 'x', id: 'kept' });
    expect(await serde.decode(contractOf('a.Bill', [{ name: 'id', type: 'string' }]), bytes)).toMatchObject({
      value: { id: 'kept' },
    });
  });

  it('skips ambiguous unions of a foreign writer', async () => {
    const writer = {
      type: 'record',
      name: 'Bill',
      namespace: 'a',
      fields: [
        { name: 'odd', type: ['int', 'double'] },
        { name: 'id', type: 'string' },
      ],
    };
    const serde = createSerde({ source: { schemaById: async () => writer, idOf: async () => undefined } });
    const frame = Buffer.from([0, 0, 0, 0, 1, 0, 14, 2, 0x61]);
    expect(await serde.decode(contractOf('a.Bill', [{ name: 'id', type: 'string' }]), frame)).toMatchObject({
      ok: true,
      value: { id: 'a' },
    });
  });
});

describe('the check of both directions', () => {
  const schemaOf = (contract: AvroContract<unknown>) => contract.schema;

  it('finds nothing where fields with defaults come and go', () => {
    expect(evolutionProblems('a.Bill', schemaOf(v2), [{ version: 1, schema: schemaOf(v1) }])).toEqual([]);
    expect(evolutionProblems('a.Bill', schemaOf(v1), [{ version: 1, schema: schemaOf(v2) }])).toEqual([]);
  });

  it('says which version cannot be read, and which cannot read', () => {
    const required = contractOf('a.Bill', [{ name: 'n', type: 'int' }]);
    const none = contractOf('a.Bill', []);
    expect(evolutionProblems('a.Bill', required.schema, [{ version: 3, schema: none.schema }])).toEqual([
      'it cannot read version 3: schema 0 cannot be read as a.Bill: no matching field for default-less a.Bill.n',
    ]);
    expect(evolutionProblems('a.Bill', none.schema, [{ version: 3, schema: required.schema }])).toEqual([
      'version 3 cannot read it: schema 0 cannot be read as a.Bill: no matching field for default-less a.Bill.n',
    ]);
  });

  it('takes a version of another name for a problem, not for an error', () => {
    const other = contractOf('a.Other', []);
    expect(evolutionProblems('a.Bill', v1.schema, [{ version: 1, schema: other.schema }])).toHaveLength(2);
  });
});
