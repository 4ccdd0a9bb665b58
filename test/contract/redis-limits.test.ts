import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, expect, test } from 'vitest';
import { WAITING_MS } from '../../src/core/ports/limits.ts';
import { createMemoryStateStore } from '../../src/state/memory/memory-state-store.ts';
import { createRedisStateStore } from '../../src/state/redis/redis-state-store.ts';
import { manualClock } from '../support/manual-clock.ts';
import { recordingLog } from '../support/recording-log.ts';
import { waitFor } from '../support/wait.ts';
import { type LimitStep, limitHistories, playLimits } from './limits/histories.ts';
import { describeLimitStore } from './limits.ts';

const url = process.env['REDIS_URL'] ?? '';
const namespace = `limits-${randomUUID()}`;
const admin = new Redis(url, { lazyConnect: true });
const open = async () => createRedisStateStore({ url, namespace, commandTimeoutMs: 5_000 }, recordingLog());

/** The server's clock, ms. */
const serverMs = async (): Promise<number> => {
  const [seconds, micros] = await admin.time();
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
};

afterAll(() => admin.disconnect());

describeLimitStore('Redis', {
  open,
  advance: async (ms) => {
    const untilMs = (await serverMs()) + ms;
    await waitFor(`the server's clock to move by ${ms} ms`, async () => (await serverMs()) >= untilMs, {
      everyMs: 5,
    });
  },
});

test('every key of a limit has its hash tag, and none lives for ever', async () => {
  const store = await open();
  const [queue, tenant] = [randomUUID(), 'acme'];
  const rate = { count: 1, perMs: 3_600_000, burst: 1 };
  await store.limits.acquire([
    { queue, tenant, most: 1, holders: ['h1', 'h2'], asker: 'a', leaseMs: 1_000 },
    { queue, most: 1, holders: ['h1'], asker: 'a', leaseMs: 1_000 },
  ]);
  await store.limits.takeStarts([{ queue, rate, wanted: 1 }]);
  await store.limits.lock([{ tenant, key: queue, owner: 'run', ttlMs: 3_600_000 }]);
  const keys = (await admin.keys(`*${queue}*`)).sort();
  await store.close();
  expect(keys).toEqual([
    `{${namespace}:lock:acme:${queue}}:lock`,
    `{${namespace}:q:${queue}:acme}:seen`,
    `{${namespace}:q:${queue}:acme}:slots`,
    `{${namespace}:q:${queue}:acme}:waiting`,
    `{${namespace}:q:${queue}}:rate`,
    `{${namespace}:q:${queue}}:slots`,
  ]);
  for (const key of keys) expect(await admin.pttl(key)).toBeGreaterThan(0);
});

test('over random histories Redis and memory give the same slots and locks to the same calls', {
  retry: 0,
  timeout: 60_000,
}, async () => {
  const store = await open();
  const kinds = new Set<LimitStep['call'] | 'refused' | 'freed' | 'lost' | 'gone'>();
  await fc.assert(
    fc.asyncProperty(limitHistories, async (history) => {
      const queue = randomUUID();
      const memory = createMemoryStateStore({ clock: manualClock() });
      const beganMs = Date.now();
      const onRedis = await playLimits(store.limits, queue, history);
      // On a machine that stood still, those who wait for slots have lost their turns on one side only.
      fc.pre(Date.now() - beganMs < WAITING_MS / 2);
      expect(onRedis).toEqual(await playLimits(memory.limits, queue, history));
      for (const { call, note } of onRedis) for (const kind of [call, ...note]) kinds.add(kind);
    }),
    { numRuns: 150 },
  );
  await store.close();
  // The comparison is worth something only when the histories came to every kind of answer.
  expect([...kinds].sort()).toEqual([
    ...['acquire', 'freed', 'gone', 'lock', 'lost', 'refused', 'release', 'renew', 'renewLock', 'unlock'],
  ]);
});
