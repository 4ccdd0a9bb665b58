import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll } from 'vitest';
import { createRedisStateStore } from '../../src/state/redis/redis-state-store.ts';
import { recordingLog } from '../support/recording-log.ts';
import { waitFor } from '../support/wait.ts';
import { describeStateStore } from './state.ts';

const url = process.env['REDIS_URL'] ?? '';
const namespace = `contract-${randomUUID()}`;
const admin = new Redis(url, { lazyConnect: true });

/** The server's clock, ms. */
const serverMs = async (): Promise<number> => {
  const [seconds, micros] = await admin.time();
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
};

afterAll(() => admin.disconnect());

describeStateStore('Redis', {
  open: async () => createRedisStateStore({ url, namespace, commandTimeoutMs: 5_000 }, recordingLog()),
  advance: async (ms) => {
    const untilMs = (await serverMs()) + ms;
    await waitFor(`the server's clock to move by ${ms} ms`, async () => (await serverMs()) >= untilMs, {
      everyMs: 5,
    });
  },
});
