import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, describe, expect, test } from 'vitest';
import type { ClaimId, ClaimRequest } from '../../src/core/ports/state.ts';
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

describe('the fences of one batch', () => {
  const ask = (jobType: string, key: string, run: string, leaseMs = 60_000): ClaimRequest => ({
    ...{ jobType, tenant: 'acme', idempotencyKey: key, jobId: key, hop: 0, attempt: 1, starts: 0 },
    ...{ position: `t/0/${key}`, origin: `t/0/${key}`, maxAttempts: 3, maxStarts: 20, leaseMs, run },
  });

  // First claims are answered by their place behind the batch's first fence, unless a larger one came in between.
  test('grow also behind a claim that is taken over with a fence of the future, and are those that were stored', async () => {
    const redis = createRedisStateStore({ url, namespace, commandTimeoutMs: 5_000 }, recordingLog());
    const jobType = randomUUID();
    const fenceKey = `{${namespace}:${jobType}:0}:fence`;
    const future = (await serverMs()) * 1_000 + 3_600_000_000;
    await admin.set(fenceKey, `${future}`);
    await redis.claim([ask(jobType, 'taken', 'before', 1)]);
    await admin.del(fenceKey);
    await waitFor('the lease to end', async () => {
      const [state] = await redis.inspect([claimOf(jobType, 'taken')]);
      return state?.kind === 'running' && state.untilMs <= state.nowMs;
    });
    const keys = ['a', 'b', 'taken', 'c', 'd'];
    const answers = await redis.claim(keys.map((key) => ask(jobType, key, `run-${key}`)));
    const fences = answers.map((answer) => (answer.kind === 'run' ? answer.fence : 0));
    expect(fences[1]).toBe((fences[0] ?? 0) + 1);
    expect(fences[2]).toBe(future + 2);
    expect(fences.slice(3)).toEqual([future + 3, future + 4]);
    const states = await redis.inspect(keys.map((key) => claimOf(jobType, key)));
    expect(states.map((state) => (state.kind === 'running' ? state.fence : 0))).toEqual(fences);
    expect(await admin.get(fenceKey)).toBe(`${future + 4}`);
    await redis.close();
  });
});

const claimOf = (jobType: string, idempotencyKey: string): ClaimId => ({
  jobType,
  tenant: 'acme',
  idempotencyKey,
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
