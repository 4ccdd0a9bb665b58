import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { AvroContract, Json } from '../../src/core/contract.ts';
import { createConfluentSource, createSerde } from '../../src/serde/index.ts';
import { RegistryClient } from '../../src/serde/registry-client.ts';
import { jobEvent } from '../support/job-events.ts';
import { jobEventVersion, nextFields } from '../support/next-job-event.ts';

const registry = { url: process.env['SCHEMA_REGISTRY_URL'] ?? '', deadlineMs: 10_000 };
const client = new RegistryClient(registry);

/** Registers today's version under a name of the test's own, at the level that all of ours have. */
const registered = async (): Promise<string> => {
  const name = `JobEvent${randomUUID().replaceAll('-', '')}`;
  const today = jobEventVersion(undefined, name);
  expect(await client.register(today.name, today.schema)).toEqual({});
  await client.setLevel(today.name, 'FULL_TRANSITIVE');
  return name;
};

/** A process that knows one version of the contract, as it was deployed. */
const processOf = async (contract: AvroContract<unknown>) => {
  const serde = createSerde({ source: createConfluentSource({ ...registry, unregisteredMs: 0 }) });
  await serde.warm([contract]);
  return serde;
};

const event = jobEvent('job.failed', {
  ...{ runMs: 12, costMicros: 2 ** 40, costCurrency: 'BRL', errorCode: 'ETIMEDOUT', codeVersion: '1.4.2' },
  ...{ dimensions: { marketplace: 'meli' }, metrics: { error_rate: 0.25 } },
});

describe('the telemetry contract, on a real registry', () => {
  it('takes a next version with a field more and one less, and each reads what the other writes', async () => {
    const name = await registered();
    const [today, next] = [jobEventVersion(undefined, name), jobEventVersion(nextFields, name)];
    expect(await client.register(next.name, next.schema)).toEqual({});
    const [old, young] = [await processOf(today), await processOf(next)];
    const { codeVersion: _, ...shared } = event;
    const newer = await young.encode(next, Object.assign({ shard: 'eu' }, event));
    expect(await old.decode(today, newer)).toMatchObject({
      ok: true,
      value: { ...shared, codeVersion: null },
    });
    const older = await old.encode(today, event);
    const read = await young.decode(next, older);
    expect(read).toMatchObject({ ok: true, value: { ...shared, shard: null } });
    expect(read.ok && 'codeVersion' in read.value).toBe(false);
  });

  it.each<[string, (fields: readonly Readonly<Record<string, Json>>[]) => typeof fields]>([
    [
      'a field without a default is added',
      (fields) => [...fields, { name: 'shard', type: 'string', doc: 'd' }],
    ],
    ['a field without a default is removed', (fields) => fields.filter(({ name }) => name !== 'tenantId')],
    [
      'a field is renamed',
      (fields) => fields.map((field) => (field['name'] === 'jobId' ? { ...field, name: 'job' } : field)),
    ],
    [
      'a type changes',
      (fields) => fields.map((field) => (field['name'] === 'attempt' ? { ...field, type: 'string' } : field)),
    ],
  ])('is refused by the registry when %s', async (_, change) => {
    const wrong = jobEventVersion(change, await registered());
    expect((await client.register(wrong.name, wrong.schema)).refused).toEqual(expect.any(String));
    expect((await client.version(wrong.name, 'latest'))?.version).toBe(1);
  });
});
