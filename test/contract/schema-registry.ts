import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { AvroContract } from '../../src/core/contract.ts';
import { createSerde, type SchemaSource } from '../../src/serde/index.ts';

/** A source under test, and the way schemas get into what it reads from. */
export interface SourceUnderTest {
  readonly source: SchemaSource;
  register(contract: AvroContract<unknown>): Promise<void>;
}

interface Parcel {
  readonly id: string;
  readonly weight?: number;
  readonly note?: string | null;
}

const parcel = (name: string, ...more: readonly object[]): AvroContract<Parcel> => ({
  name: `contract.tests.${name}`,
  schema: {
    type: 'record',
    name,
    namespace: 'contract.tests',
    doc: 'A parcel.',
    fields: [
      { name: 'id', type: 'string', doc: 'Its id.' },
      ...more.map((field) => JSON.parse(JSON.stringify(field))),
    ],
  },
});

const freshName = () => `Parcel${randomUUID().replaceAll('-', '')}`;
const WEIGHT = { name: 'weight', type: 'int', doc: 'Grams.', default: 0 };
const NOTE = { name: 'note', type: ['null', 'string'], doc: 'A note.', default: null };

/** What every schema source must do; `make` is called for each test. */
export const schemaSourceContract = (title: string, make: () => Promise<SourceUnderTest>): void => {
  describe(`schema source: ${title}`, () => {
    it('has the schema of every id it gives', async () => {
      const { source, register } = await make();
      const contract = parcel(freshName());
      await register(contract);
      const id = await source.idOf(contract.name, contract.schema);
      expect(id).toBeGreaterThan(0);
      expect(await source.schemaById(id ?? 0)).toEqual(contract.schema);
    });

    it('gives the same id again, also to another source', async () => {
      const { source, register } = await make();
      const contract = parcel(freshName());
      await register(contract);
      const id = await source.idOf(contract.name, contract.schema);
      await register(contract);
      expect(await source.idOf(contract.name, JSON.parse(JSON.stringify(contract.schema)))).toBe(id);
    });

    it('does not know what is not registered: a subject, a schema of a known subject, the same with another doc', async () => {
      const { source, register } = await make();
      const contract = parcel(freshName());
      expect(await source.idOf(contract.name, contract.schema)).toBeUndefined();
      const known = parcel(freshName());
      await register(known);
      const other = parcel(known.name.slice('contract.tests.'.length), NOTE);
      expect(await source.idOf(known.name, other.schema)).toBeUndefined();
      const schema = { ...JSON.parse(JSON.stringify(known.schema)), doc: 'Other words.' };
      expect(await source.idOf(known.name, schema)).toBeUndefined();
    });

    it('does not know an id that was never given', async () => {
      const { source } = await make();
      expect(await source.schemaById(2_147_483_647)).toBeUndefined();
    });

    it('tells two versions of a subject apart, and a serde on it reads each as the other', async () => {
      const { source, register } = await make();
      const name = freshName();
      const [first, second] = [parcel(name, WEIGHT), parcel(name, NOTE, WEIGHT)];
      await register(first);
      await register(second);
      const serde = createSerde({ source });
      await serde.warm([first, second]);
      const old = await serde.encode(first, { id: 'a', weight: 5 });
      const young = await serde.encode(second, { id: 'b', weight: 6, note: 'n' });
      expect(old.readInt32BE(1)).not.toBe(young.readInt32BE(1));
      const elsewhere = createSerde({ source });
      expect(await elsewhere.decode(second, old)).toMatchObject({
        ok: true,
        value: { id: 'a', note: null, weight: 5 },
      });
      expect(await elsewhere.decode(first, young)).toStrictEqual({
        ok: true,
        schemaId: young.readInt32BE(1),
        value: { id: 'b', weight: 6 },
      });
    });
  });
};
