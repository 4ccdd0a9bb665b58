import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, expect, test } from 'vitest';
import { createRedisStateStore } from '../../src/state/redis/redis-state-store.ts';
import { recordingLog } from '../support/recording-log.ts';
import { waitFor } from '../support/wait.ts';
import { describeReportStore } from './reports.ts';

const url = process.env['REDIS_URL'] ?? '';
const admin = new Redis(url, { lazyConnect: true });
const open = async (namespace = `reports-${randomUUID()}`) =>
  createRedisStateStore({ url, namespace, commandTimeoutMs: 5_000 }, recordingLog());

/** The server's clock, ms. */
const serverMs = async (): Promise<number> => {
  const [seconds, micros] = await admin.time();
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
};

afterAll(() => admin.disconnect());

describeReportStore('Redis', {
  open: () => open(),
  advance: async (ms) => {
    const untilMs = (await serverMs()) + ms;
    await waitFor(`the server's clock to move by ${ms} ms`, async () => (await serverMs()) > untilMs, {
      everyMs: 5,
    });
  },
});

test('all keys are of one hash tag, none lives for ever, and who died is swept out by the next who speaks', async () => {
  const namespace = `reports-${randomUUID()}`;
  const store = await open(namespace);
  await store.reports.report({ process: 'elder', text: 'said', lifetimeMs: 60_000 });
  await store.reports.report({ process: 'dead', text: 'said', lifetimeMs: 1 });
  const diedMs = (await serverMs()) + 1;
  await waitFor('the first to be forgotten', async () => (await serverMs()) > diedMs, { everyMs: 5 });
  await store.reports.report({ process: 'alive', text: 'said', lifetimeMs: 60_000 });
  const keys = (await admin.keys(`*${namespace}*`)).sort();
  expect(keys).toEqual([`{${namespace}:processes}:said`, `{${namespace}:processes}:until`]);
  for (const key of keys) expect(await admin.pttl(key)).toBeGreaterThan(30_000);
  expect((await admin.hkeys(keys[0] ?? '')).sort()).toEqual(['alive', 'elder']);
  expect((await admin.zrange(keys[1] ?? '', '0', '-1')).sort()).toEqual(['alive', 'elder']);
  await store.close();
});
