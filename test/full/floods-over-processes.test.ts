import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { start } from '../../src/index.ts';
import { applyTopics } from '../../src/runtime/topics/index.ts';
import { type Stack, startStack } from '../../stack/index.ts';
import { CONCURRENCY, FLOODING, floodsApp, floodsEngine, QUIET } from '../support/floods-app.ts';
import { invoice } from '../support/invoices.ts';
import { type OpenServices, openServices } from '../support/open-services.ts';
import { freshName, readTopic } from '../support/scenario.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/wait.ts';
import { startWorkerProcess } from '../support/worker-process.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ quiet: true });
  Object.assign(process.env, stack.env);
});
afterAll(async () => {
  await stack.stop();
});

const FLOOD = 500;
const KEYS = 6;
const COPIES_BEFORE_KILL = 100;

interface Effect {
  readonly id: string;
  readonly tenant: string;
  readonly currency: string;
}

const effectsOf = (file: string, type: string): readonly Effect[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([of]) => of === type)
    .map(([, id = '', tenant = '', currency = '']) => ({ id, tenant, currency }));

const recordsOn = async ({ backend }: OpenServices, topic: string): Promise<number> =>
  (await backend.broker.admin.offsetRanges(topic)).reduce(
    (sum, { low, high }) => sum + Number(high - low),
    0,
  );

/** The payments of each ordering key, in the order in which they first took effect. */
const firstOfEach = (effects: readonly Effect[]): ReadonlyMap<string, readonly string[]> => {
  const seen = new Set<string>();
  const byKey = new Map<string, string[]>();
  for (const { id, tenant, currency } of effects) {
    if (seen.has(id)) continue;
    seen.add(id);
    const key = `${tenant} ${currency}`;
    byKey.set(key, [...(byKey.get(key) ?? []), id]);
  }
  return byKey;
};

// Promise: several tenants flood, one of several processes is killed and another joins while their surplus is moved aside:
// nothing is lost, every job takes effect, ordered keys keep their order, and nobody quiet is moved.
test('floods are moved aside by several processes while one is killed and one joins', async () => {
  const ns = freshName('floods');
  const file = join(temporaryFolder('floods'), 'effects.txt');
  writeFileSync(file, '');
  const { app, paid } = floodsApp(ns, file);
  const services = await openServices(app);
  const { backend } = services;
  await applyTopics(app, backend.broker.admin, {});
  const options = { environment: { ...process.env, LOG_LEVEL: 'silent' }, backend };
  const publisher = await start(app, { ...options, roles: [] });
  const publish = (id: string, tenant: string, index: number) =>
    publisher.publish(paid, invoice(id, { currency: `K${index % KEYS}` }), { tenant, id });
  const flood = Array.from({ length: FLOOD }, (_, index) =>
    FLOODING.map((tenant) => ({ id: `${tenant}-${index}`, tenant, index })),
  ).flat();
  await Promise.all(flood.map(({ id, tenant, index }) => publish(id, tenant, index)));
  const quiet = QUIET.flatMap((tenant) =>
    [0, 1, 2].map((index) => ({ id: `${tenant}-${index}`, tenant, index })),
  );
  await Promise.all(quiet.map(({ id, tenant, index }) => publish(id, tenant, index)));
  const all = [...flood, ...quiet];
  const startWorker = (name: string) =>
    startWorkerProcess({
      program: 'test/support/floods-worker.ts',
      env: { FLOODS_NS: ns, FLOODS_FILE: file, LOG_LEVEL: 'error' },
      logFile: `${file}.${name}.log`,
    });
  const [victim, other] = await Promise.all([startWorker('victim'), startWorker('other')]);
  const surplus = `${ns}.job.settle.surplus`;
  await waitFor('the moving', async () => (await recordsOn(services, surplus)) >= COPIES_BEFORE_KILL, {
    timeoutMs: 60_000,
  });
  await victim.kill();
  const heir = await start(app, { ...options, engine: floodsEngine });
  try {
    await heir.idle({ timeoutMs: 150_000 });
    for (const type of ['settle', 'post']) {
      const effects = effectsOf(file, type);
      expect(new Set(effects.map(({ id }) => id))).toEqual(new Set(all.map(({ id }) => id)));
      // What ran when its process died, or was on its way to a done mark, had its effect without one.
      expect(effects.length).toBeLessThanOrEqual(all.length + 3 * CONCURRENCY);
      expect(await readTopic(services, `${ns}.dlq.${type}`)).toEqual([]);
    }
    const order = firstOfEach(effectsOf(file, 'post'));
    for (const [key, ids] of order)
      expect(ids, key).toEqual(
        all.filter(({ tenant, index }) => `${tenant} K${index % KEYS}` === key).map(({ id }) => id),
      );
    const moved = await readTopic(services, surplus);
    expect(new Set(moved.map(({ key }) => String(key)))).toEqual(new Set(FLOODING));
    const parked = await readTopic(services, `${ns}.wait.post`);
    console.log(JSON.stringify({ moved: moved.length, parked: parked.length }));
    expect(parked.map(({ key }) => String(key)).filter((key) => key.startsWith('quiet'))).toEqual([]);
  } finally {
    await heir.stop();
    await other.stop();
    await publisher.stop();
    await services.close();
  }
});
