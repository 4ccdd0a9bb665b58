import { afterAll, beforeAll, test } from 'vitest';
import { expectSame } from '../simulation/compared.ts';
import type { PlanOptions } from '../simulation/plan.ts';
import { type RedisForHistories, redisForHistories } from '../simulation/redis-store.ts';
import { type OwnRedis, startOwnRedis } from '../support/own-redis.ts';

// The same histories as test/contract/redis-order-simulation.test.ts, other seeds: 1,800 on the scripts of Redis.
let own: OwnRedis;
let server: RedisForHistories;

beforeAll(async () => {
  own = await startOwnRedis();
  server = redisForHistories(own.url);
});

afterAll(async () => {
  await server?.close();
  await own?.stop();
});

test.each([
  ['nothing is lost', { losses: false }],
  ['the store loses data', { losses: true }],
  ['timers are late', { losses: false, lateTimers: true }],
  ['timers are late and data lost', { losses: true, lateTimers: true }],
  ['held keys are replayed', { losses: false, replays: true }],
  ['held keys are replayed and data lost', { losses: true, replays: true }],
] satisfies [string, PlanOptions][])(
  '300 histories where %s keep all promises on Redis and come out as in memory',
  async (_, options) => {
    await expectSame(server, 1_000_000, 1_000_299, options);
  },
  180_000,
);
