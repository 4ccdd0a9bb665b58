import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, describe, expect, test } from 'vitest';
import { createMemoryStateStore } from '../../src/state/memory/memory-state-store.ts';
import { createRedisStateStore } from '../../src/state/redis/redis-state-store.ts';
import { manualClock } from '../support/manual-clock.ts';
import { recordingLog } from '../support/recording-log.ts';
import { waitFor } from '../support/wait.ts';
import { histories, Player, TENANTS } from './state/histories.ts';
import { describeStateStore } from './state.ts';

const url = process.env['REDIS_URL'] ?? '';
const namespace = `contract-${randomUUID()}`;
const admin = new Redis(url, { lazyConnect: true });

const ALL_ANSWERS = [
  ...['run', 'running', 'dead', 'done', 'decided', 'superseded', 'starts_exhausted', 'attempts_exhausted'],
  ...['renewed', 'gone', 'completed', 'already', 'adopted', 'fenced', 'stored'],
];

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

describe('random histories', () => {
  test('Redis and memory give the same answers to the same calls', {
    retry: 0,
    timeout: 150_000,
  }, async () => {
    const redis = createRedisStateStore({ url, namespace, commandTimeoutMs: 5_000 }, recordingLog());
    const clock = manualClock();
    const kinds = new Set<string>();
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        const jobType = randomUUID();
        const onRedis = new Player(redis, jobType);
        const inMemory = new Player(createMemoryStateStore({ clock }), jobType);
        const answers = await onRedis.play(history);
        expect(answers).toEqual(await inMemory.play(history));
        for (const fences of [onRedis, inMemory].flatMap((player) =>
          TENANTS.map((tenant) => player.fencesOf(tenant)),
        )) {
          expect(fences).toEqual([...fences].sort((a, b) => a - b));
        }
        for (const answer of answers) for (const word of answer.match(/[a-z_]+/g) ?? []) kinds.add(word);
      }),
      { numRuns: 200 },
    );
    await redis.close();
    // The comparison is worth something only when the histories reached every kind of answer.
    for (const kind of ALL_ANSWERS) expect(kinds).toContain(kind);
  });
});
