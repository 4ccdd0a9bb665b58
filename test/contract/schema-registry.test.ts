import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Json } from '../../src/core/contract.ts';
import { kebabCase } from '../../src/serde/generate.ts';
import {
  checkSchemas,
  createConfluentSource,
  createMemorySource,
  createSerde,
  loadSchemaProject,
  registerSchemas,
} from '../../src/serde/index.ts';
import { RegistryClient } from '../../src/serde/registry-client.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { schemaSourceContract } from './schema-registry.ts';

const url = process.env['SCHEMA_REGISTRY_URL'] ?? '';
const registry = { url, deadlineMs: 10_000 };

schemaSourceContract('memory', async () => {
  const source = createMemorySource();
  return { source, register: async (contract) => void source.add(contract) };
});

schemaSourceContract('a real registry', async () => {
  const client = new RegistryClient(registry);
  return {
    source: createConfluentSource({ ...registry, unregisteredMs: 0 }),
    register: async ({ name, schema }) => {
      expect(await client.register(name, schema)).toEqual({});
    },
  };
});

let folder: string;
beforeAll(async () => {
  folder = temporaryFolder('registry');
});

const freshRecord = () => `Order${randomUUID().replaceAll('-', '')}`;
const field = (name: string, type: Json, more: object = {}) => ({ name, type, doc: 'd', ...more });
const write = async (name: string, fields: readonly object[], doc = 'An order.'): Promise<string> => {
  const path = join(folder, `${kebabCase(name)}.avsc`);
  await writeFile(path, JSON.stringify({ type: 'record', name, namespace: 'registry.tests', doc, fields }));
  return path;
};
const ID = field('id', 'string');
const NOTE = field('note', ['null', 'string'], { default: null });

describe('registering on a real registry', () => {
  it('gives every shipped schema an id and a version, sets its level, and changes nothing the second time', async () => {
    const { files } = await loadSchemaProject('schemas/esteira.schemas.json');
    await registerSchemas({ files, registry });
    const again = await registerSchemas({ files, registry });
    expect(again.map((one) => one.registered)).toEqual(files.map(() => false));
    expect(await checkSchemas({ files, registry })).toEqual(
      again.map(({ file, subject }) => ({ file, subject, state: 'same', messages: [] })),
    );
    const client = new RegistryClient(registry);
    for (const { subject, id, version } of again) {
      expect(id).toBeGreaterThan(0);
      expect(version).toBeGreaterThan(0);
      expect(await client.level(subject)).toBe('FULL_TRANSITIVE');
    }
  });

  it('takes a compatible change as the next version, and what was written before stays readable', async () => {
    const name = freshRecord();
    const first = await write(name, [ID]);
    expect(await checkSchemas({ files: [first], registry })).toMatchObject([{ state: 'new' }]);
    expect(await registerSchemas({ files: [first], registry })).toMatchObject([
      { version: 1, registered: true },
    ]);
    const second = await write(name, [ID, NOTE]);
    expect(await checkSchemas({ files: [second], registry })).toMatchObject([
      { state: 'compatible', messages: [] },
    ]);
    expect(await registerSchemas({ files: [second], registry })).toMatchObject([
      { version: 2, registered: true },
    ]);
  });

  it('takes a change of a doc alone for a version of its own', async () => {
    const name = freshRecord();
    await registerSchemas({ files: [await write(name, [ID])], registry });
    const reworded = await write(name, [ID], 'Other words.');
    expect(await checkSchemas({ files: [reworded], registry })).toMatchObject([{ state: 'compatible' }]);
    expect(await registerSchemas({ files: [reworded], registry })).toMatchObject([{ version: 2 }]);
  });

  it.each<[string, readonly object[], readonly object[]]>([
    ['a required field is added', [ID], [ID, field('n', 'int')]],
    ['a required field is removed', [ID, field('n', 'int')], [ID]],
    ['a type is widened, which old readers cannot follow', [ID, field('n', 'int')], [ID, field('n', 'long')]],
    ['a symbol is added', [enumOf('A')], [enumOf('A', 'B')]],
  ])('refuses when %s, says why, and registers none of the files', async (_, before, after) => {
    const name = freshRecord();
    await registerSchemas({ files: [await write(name, before)], registry });
    const changed = await write(name, after);
    const innocent = await write(freshRecord(), [ID]);
    const [check] = await checkSchemas({ files: [changed], registry });
    expect(check).toMatchObject({ state: 'incompatible' });
    expect(check?.messages.join()).toMatch(/version 1/);
    await expect(registerSchemas({ files: [innocent, changed], registry })).rejects.toMatchObject({
      code: 'ESTEIRA_SCHEMA_INCOMPATIBLE',
      facts: { subjects: [`registry.tests.${name}`] },
    });
    expect(await checkSchemas({ files: [innocent], registry })).toMatchObject([{ state: 'new' }]);
  });

  it('looks at all versions, not only at the latest', async () => {
    const name = freshRecord();
    await registerSchemas({ files: [await write(name, [ID, NOTE])], registry });
    await registerSchemas({ files: [await write(name, [ID])], registry });
    const back = await write(name, [ID, field('note', ['null', 'int'], { default: null })]);
    const [check] = await checkSchemas({ files: [back], registry });
    expect(check?.messages.join()).toContain('version 1');
    expect(check).toMatchObject({ state: 'incompatible' });
  });

  it('checks by itself where the subject has no level (the default of this registry is to allow everything)', async () => {
    const name = freshRecord();
    const subject = `registry.tests.${name}`;
    const schema: Json = { type: 'record', name, namespace: 'registry.tests', doc: 'd', fields: [ID] };
    const client = new RegistryClient(registry);
    await client.register(subject, schema);
    const changed = await write(name, [field('id', 'int')]);
    expect(await client.compatibility(subject, { ...schema, fields: [field('id', 'int')] })).toMatchObject({
      compatible: true,
    });
    expect(await checkSchemas({ files: [changed], registry })).toMatchObject([{ state: 'incompatible' }]);
  });

  it('hands on the registry\u2019s own words when it refuses', async () => {
    const name = freshRecord();
    await registerSchemas({ files: [await write(name, [ID])], registry });
    const schema: Json = {
      type: 'record',
      name,
      namespace: 'registry.tests',
      doc: 'd',
      fields: [field('id', 'int')],
    };
    const answer = await new RegistryClient(registry).register(`registry.tests.${name}`, schema);
    expect(answer.refused).toMatch(/ncompatible/);
  });

  it('refuses a breach of the subset before it asks the registry', async () => {
    const file = await write(freshRecord(), [field('x', ['int', 'string'])]);
    const nowhere = { files: [file], registry: { url: 'http://127.0.0.1:1' } };
    await expect(checkSchemas(nowhere)).rejects.toMatchObject({ code: 'ESTEIRA_SCHEMA_INVALID' });
    await expect(registerSchemas(nowhere)).rejects.toMatchObject({ code: 'ESTEIRA_SCHEMA_INVALID' });
  });
});

describe('a real registry at a wrong path', () => {
  it('is unavailable: its 404 does not make any record undecodable', async () => {
    const serde = createSerde({
      source: createConfluentSource({ ...registry, url: new URL('/api', url).href }),
    });
    const contract = { name: 'a.B', schema: { type: 'record', name: 'B', namespace: 'a', fields: [] } };
    await expect(serde.decode(contract, Buffer.from([0, 0, 0, 0, 1]))).rejects.toMatchObject({
      code: 'ESTEIRA_REGISTRY_UNAVAILABLE',
      message: expect.stringContaining('SCHEMA_REGISTRY_URL'),
    });
  });
});

function enumOf(...symbols: string[]): object {
  return field('plan', { type: 'enum', name: 'Plan', doc: 'd', symbols });
}
