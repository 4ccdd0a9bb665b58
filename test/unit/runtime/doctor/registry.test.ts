import { expect, test } from 'vitest';
import type { Json } from '../../../../src/core/contract.ts';
import { contractsOf } from '../../../../src/runtime/backend.ts';
import { schemas } from '../../../../src/runtime/doctor/schemas.ts';
import { openShop, registryOf, said, shopThat } from './bench.ts';

const app = shopThat();
const all = Object.fromEntries(
  contractsOf(app).map(({ name, schema }): [string, Json[]] => [name, [schema]]),
);
const paid = all['shop.Paid']?.[0] ?? null;
const withField = (field: Json): Json => ({
  ...{ type: 'record', name: 'Paid', namespace: 'shop' },
  fields: [{ name: 'id', type: 'string' }, field],
});

/** What is said where the subject of the app's event has these versions. */
const about = async (versions: readonly Json[], level: string | undefined = 'FULL_TRANSITIVE') => {
  const { parts } = await openShop(app);
  const registry = registryOf({ ...all, 'shop.Paid': versions }, { 'shop.Paid': level });
  return said(schemas, { ...parts, registry });
};

test('all registered, the newest and guarded, is one line', async () => {
  const { parts } = await openShop(app);
  expect(await said(schemas, parts)).toEqual([
    `ok schemas: ${Object.keys(all).length} schemas registered, the newest, FULL_TRANSITIVE`,
  ]);
});

test("a schema of Esteira's own that is not registered is a problem, and the todo registers it", async () => {
  const { parts } = await openShop(app);
  const own = 'esteira.telemetry.JobEvent';
  const [check] = await schemas({ ...parts, registry: registryOf({ ...all, [own]: [] }) });
  expect(check).toMatchObject({ verdict: 'problem', name: own, todo: '`esteira schemas register`' });
});

test('an event that is not registered, or newer here, is a warning: others may publish it', async () => {
  const note = { name: 'note', type: ['null', 'string'], default: null };
  expect(await about([])).toEqual(['warning shop.Paid: is not registered: it can be read, not published']);
  expect(await about([withField(note)])).toEqual([
    'warning shop.Paid: is newer here than in the registry: it can be read, not published',
  ]);
});

test('a schema that contradicts the registered one is a problem that says where', async () => {
  const [first] = await about([withField({ name: 'amount', type: 'int' })]);
  expect(first).toMatch(/^problem shop.Paid: is not compatible with what is registered: .*amount/);
});

test('a schema that is older here is a warning', async () => {
  const note = { name: 'note', type: ['null', 'string'], default: null };
  expect(await about([paid, withField(note)])).toEqual([
    'warning shop.Paid: is version 1 here and 2 in the registry: this app is older than others',
  ]);
});

test('a subject without a level, or with a weaker one, is a warning', async () => {
  expect((await about([paid], 'NONE'))[0]).toMatch(/^warning shop.Paid: has compatibility level NONE;/);
  const { parts } = await openShop(app);
  const registry = registryOf(all, { 'shop.Paid': undefined });
  expect((await said(schemas, { ...parts, registry }))[0]).toMatch(
    /^warning shop.Paid: has no compatibility/,
  );
});
