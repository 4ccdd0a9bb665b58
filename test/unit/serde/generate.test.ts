import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { kebabCase } from '../../../src/serde/generate.ts';
import {
  generateSchemas,
  lintSchemas,
  loadSchemaProject,
  renderSchemas,
  staleFiles,
} from '../../../src/serde/index.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

let folder: string;
beforeEach(async () => {
  folder = temporaryFolder('schemas');
});

const write = async (name: string, content: unknown): Promise<string> => {
  const path = join(folder, name);
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};

const record = (name: string, fields: readonly unknown[], more: object = {}) => ({
  type: 'record',
  name,
  namespace: 'shop.events',
  doc: `A ${name}.`,
  fields,
  ...more,
});
const field = (name: string, type: unknown, more: object = {}) => ({
  name,
  type,
  doc: `The ${name}.`,
  ...more,
});
const options = (files: readonly string[]) => ({
  files,
  outDir: join(folder, 'out'),
  importContractFrom: 'esteira',
});

describe('generated TypeScript', () => {
  it('has every kind of type, with the docs of the schema', async () => {
    const nested = {
      type: 'record',
      name: 'Line',
      doc: 'A line; ends with */ or so.',
      fields: [field('text', 'string')],
    };
    const plan = { type: 'enum', name: 'Plan', doc: 'A plan.', symbols: ['FREE', 'PAID'] };
    const path = await write(
      'order-placed.avsc',
      record('OrderPlaced', [
        field('when', { type: 'long', logicalType: 'timestamp-millis' }),
        field('blob', 'bytes'),
        field('plan', ['null', plan], { default: null }),
        field('next', 'Plan'),
        field('lines', { type: 'array', items: nested }),
        field('grid', { type: 'array', items: { type: 'array', items: 'double' } }),
        field('gaps', { type: 'array', items: ['null', 'int'] }),
        field('tags', { type: 'map', values: ['null', 'boolean'] }),
      ]),
    );
    const [file] = await renderSchemas(options([path]));
    const source = file?.text ?? '';
    expect(source).toContain("import type { AvroContract } from 'esteira';");
    expect(source).toContain('/** A OrderPlaced. */\nexport interface OrderPlaced {');
    expect(source).toContain('  /** The when. */\n  readonly when: number;');
    for (const line of [
      'readonly blob: Buffer;',
      'readonly plan: Plan | null;',
      'readonly next: Plan;',
      'readonly lines: readonly Line[];',
      'readonly grid: readonly (readonly number[])[];',
      'readonly gaps: readonly (number | null)[];',
      'readonly tags: Readonly<Record<string, boolean | null>>;',
      "export type Plan = 'FREE' | 'PAID';",
      '/** A line; ends with *\\/ or so. */',
      'export const OrderPlaced: AvroContract<OrderPlaced> = {',
      "  name: 'shop.events.OrderPlaced',",
    ]) {
      expect(source).toContain(line);
    }
    expect(source.match(/export type Plan/g)).toHaveLength(1);
  });

  it('holds a schema that is the same as the file, quotes and all', async () => {
    const schema = record('Quoted', [field('text', 'string', { default: `it's "so"\n\u2028` })], {
      doc: "It's `quoted` \\ $ {x}.",
    });
    const path = await write('quoted.avsc', schema);
    await generateSchemas(options([path]));
    const module: { Quoted: { schema: unknown } } = await import(join(folder, 'out', 'quoted.ts'));
    expect(module.Quoted.schema).toEqual(schema);
  });

  it('is the same for the same files in any order', async () => {
    const a = await write('a.avsc', record('A', [field('x', 'int')]));
    const b = await write('b.avsc', record('B', [field('x', 'int')]));
    expect(await renderSchemas(options([b, a]))).toEqual(await renderSchemas(options([a, b])));
  });

  it('is written only for the wanted namespaces', async () => {
    const a = await write('a.avsc', record('A', [field('x', 'int')]));
    const b = await write('b.avsc', record('B', [field('x', 'int')], { namespace: 'other' }));
    await generateSchemas({ ...options([a, b]), namespaces: ['other'] });
    expect(await readdir(join(folder, 'out'))).toEqual(['b.ts']);
  });

  it('is stale when changed, missing or left over', async () => {
    const a = await write('a.avsc', record('A', [field('x', 'int')]));
    const b = await write('b.avsc', record('B', [field('x', 'int')]));
    const both = options([a, b]);
    expect(await staleFiles(both)).toHaveLength(2);
    await generateSchemas(both);
    expect(await staleFiles(both)).toEqual([]);
    await writeFile(join(both.outDir, 'a.ts'), `${await readFile(join(both.outDir, 'a.ts'), 'utf8')} `);
    expect(await staleFiles(both)).toEqual([join(both.outDir, 'a.ts')]);
    expect(await staleFiles(options([a]))).toEqual([join(both.outDir, 'a.ts'), join(both.outDir, 'b.ts')]);
  });

  it('is refused for a schema outside the subset, and nothing is written', async () => {
    const good = await write('a.avsc', record('A', [field('x', 'int')]));
    const bad = await write('b.avsc', record('B', [field('x', 'fixed')]));
    await expect(generateSchemas(options([good, bad]))).rejects.toMatchObject({
      code: 'ESTEIRA_SCHEMA_INVALID',
      message: expect.stringContaining('B.x'),
    });
    expect(await readdir(folder)).toEqual(['a.avsc', 'b.avsc']);
  });

  it('is refused when two types of a file would have one name', async () => {
    const inner = {
      type: 'record',
      name: 'Line',
      namespace: 'else',
      doc: 'Other.',
      fields: [field('x', 'int')],
    };
    const line = { type: 'record', name: 'Line', doc: 'A line.', fields: [field('other', inner)] };
    const path = await write('a.avsc', record('A', [field('line', line)]));
    await expect(renderSchemas(options([path]))).rejects.toThrow('two types are called Line');
  });

  it.each([
    ['AIActionConfirmed', 'ai-action-confirmed'],
    ['InvoicePaid', 'invoice-paid'],
    ['V2Thing', 'v2-thing'],
    ['PaidByURL', 'paid-by-url'],
    ['snake_case', 'snake-case'],
  ])('of %s is in the file %s', (name, file) => expect(kebabCase(name)).toBe(file));
});

describe('lint', () => {
  const lint = async (fields: readonly unknown[], more: object = {}) =>
    (await lintSchemas([await write('order.avsc', record('Order', fields, more))])).map(
      ({ path, problem }) => `${path}: ${problem}`,
    );
  const empty = { type: 'record', name: 'Empty', doc: 'e', fields: [] };

  it('finds nothing in what is allowed', async () => {
    expect(await lint([field('x', 'string'), field('y', ['null', 'int'], { default: null })])).toEqual([]);
  });

  const refused: [string, unknown, RegExp][] = [
    ['a union of three', ['null', 'int', 'string'], /only be \["null", X\]/],
    ['a union without null first', ['int', 'null'], /only be \["null", X\]/],
    ['a union in a union', ['null', ['null', 'int']], /cannot hold a union/],
    ['fixed', { type: 'fixed', name: 'F', size: 4 }, /outside the subset/],
    ['a decimal', { type: 'bytes', logicalType: 'decimal' }, /only logical type/],
    ['a timestamp of microseconds', { type: 'long', logicalType: 'timestamp-micros' }, /only logical type/],
    ['a timestamp that is an int', { type: 'int', logicalType: 'timestamp-millis' }, /only logical type/],
    ['an unknown type', 'Missing', /not defined in this file/],
    ['itself', 'Order', /contains itself/],
    ['an array of null', { type: 'array', items: 'null' }, /cannot hold null/],
    ['an array of empty records', { type: 'array', items: empty }, /cannot hold null or an empty record/],
    ['a map of empty records', { type: 'map', values: empty }, /cannot hold null or an empty record/],
    ['an array without items', { type: 'array' }, /type is missing/],
    ['an enum without a doc', { type: 'enum', name: 'E', symbols: ['A'] }, /doc is required/],
    ['an enum without symbols', { type: 'enum', name: 'E', doc: 'd', symbols: [] }, /needs symbols/],
    [
      'an enum with a symbol twice',
      { type: 'enum', name: 'E', doc: 'd', symbols: ['A', 'A'] },
      /named twice/,
    ],
    ['a record without fields', { type: 'record', name: 'R', doc: 'd' }, /list of fields/],
    ['a type that is a number', 5, /type is missing/],
  ];
  it.each(refused)('refuses %s', async (_, type, problem) => {
    expect(await lint([field('x', type)])).toEqual(expect.arrayContaining([expect.stringMatching(problem)]));
  });

  it('refuses a field without a doc, a field twice, names that are none, aliases and wrong defaults', async () => {
    expect(await lint([{ name: 'x', type: 'int' }])).toEqual(['Order.x: a doc is required']);
    expect(await lint([field('x', 'int'), field('x', 'int')])).toEqual(['Order: a field is named twice']);
    expect(await lint([field('__proto__', 'int')])).toEqual([expect.stringContaining('a field name is')]);
    expect(await lint([field('x', 'int', { aliases: ['y'] })])).toEqual([expect.stringContaining('aliases')]);
    expect(await lint([field('x', 'int', { personal: 'yes' })])).toEqual([
      expect.stringContaining('personal'),
    ]);
    expect(await lint([field('x', 'int', { personal: true })])).toEqual([]);
    expect(await lint([field('x', ['null', 'int'], { default: 5 })])).toEqual([
      expect.stringContaining('only be null'),
    ]);
    expect(await lint([field('x', 'int', { default: 'five' })])).toEqual([
      expect.stringContaining('Order: '),
    ]);
    expect(await lint(['x'])).toEqual([expect.stringContaining('must be an object')]);
  });

  it('refuses a record without namespace or doc, and what is no record', async () => {
    expect(await lint([], { namespace: undefined })).toEqual(['(root): a namespace is required']);
    expect(await lint([], { doc: ' ' })).toEqual(['Order: a doc is required']);
    expect(await lintSchemas([await write('x.avsc', ['int'])])).toMatchObject([
      { problem: 'must be a record' },
    ]);
  });

  it('refuses a file named otherwise, and a name defined by two files', async () => {
    const first = await write('order.avsc', record('Order', []));
    const second = await write('other.avsc', record('Order', []));
    expect(await lintSchemas([first, second])).toEqual([
      { file: second, path: 'Order', problem: 'its file must be order.avsc' },
      { file: second, path: 'shop.events.Order', problem: 'is also defined by order.avsc' },
    ]);
  });

  it('says which file is not JSON', async () => {
    await expect(lintSchemas([await write('order.avsc', '{')])).rejects.toMatchObject({
      code: 'ESTEIRA_SCHEMA_INVALID',
      facts: { file: 'order.avsc' },
    });
  });
});

describe('esteira.schemas.json', () => {
  it('is refused when missing, not JSON, or with a field nobody knows', async () => {
    const invalid = expect.objectContaining({ code: 'ESTEIRA_CONFIG_INVALID' });
    await expect(loadSchemaProject(join(folder, 'none.json'))).rejects.toEqual(invalid);
    await expect(loadSchemaProject(await write('a.json', '{'))).rejects.toEqual(invalid);
    await expect(
      loadSchemaProject(await write('b.json', { folders: ['.'], outputs: [], more: 1 })),
    ).rejects.toEqual(invalid);
  });

  it('finds the schemas of its folders, with paths relative to itself', async () => {
    await write('order.avsc', record('Order', []));
    await write('readme.md', '');
    const output = { namespaces: ['shop.events'], outDir: '../out', importContractFrom: 'esteira' };
    const path = await write('esteira.schemas.json', { folders: ['.'], outputs: [output] });
    expect(await loadSchemaProject(path)).toEqual({
      files: [join(folder, 'order.avsc')],
      outputs: [{ ...output, files: [join(folder, 'order.avsc')], outDir: join(folder, '..', 'out') }],
    });
  });
});
