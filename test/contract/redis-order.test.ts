import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createMemoryStateStore } from '../../src/state/memory/memory-state-store.ts';
import { createRedisStateStore } from '../../src/state/redis/redis-state-store.ts';
import { manualClock } from '../support/manual-clock.ts';
import { recordingLog } from '../support/recording-log.ts';
import { OrderPlayer, orderHistories } from './state/order-histories.ts';

const ALL_ANSWERS = [
  ...['run', 'done', 'running', 'wait', 'dead', 'superseded', 'park', 'rebuilding'],
  ...['parked', 'ended', 'direct', 'failed', 'lost', 'completed', 'already', 'adopted', 'fenced'],
  ...['prepared', 'begun', 'stale', 'busy', 'taken', 'not_held', 'cancelled'],
  ...['seen', 'behind', 'condemned', 'gone', 'renewed', 'stored', 'note'],
  ...['behind_dead_letter', 'unrecoverable', 'max_age', 'attempts_exhausted', 'starts_exhausted'],
];

// The simulation holds the rules of the memory store (test/simulation) and the scripts of Redis
// (redis-order-simulation.test.ts) to their promises, in its own time. This holds the store as it is, with the server's
// clock, to the rules of the memory store: also where no worker would call it so.
test('Redis and memory give the same answers to the same calls about sequences', {
  retry: 0,
  timeout: 180_000,
}, async () => {
  const url = process.env['REDIS_URL'] ?? '';
  const namespace = `order-${randomUUID()}`;
  const redis = createRedisStateStore({ url, namespace, commandTimeoutMs: 5_000 }, recordingLog());
  const clock = manualClock();
  const kinds = new Set<string>();
  await fc.assert(
    fc.asyncProperty(orderHistories, async (history) => {
      const jobType = randomUUID();
      const answers = await new OrderPlayer(redis, jobType).play(history);
      const inMemory = new OrderPlayer(createMemoryStateStore({ clock }), jobType);
      expect(answers).toEqual(await inMemory.play(history));
      for (const answer of answers) for (const word of answer.match(/[a-z_]+/g) ?? []) kinds.add(word);
    }),
    { numRuns: 300 },
  );
  await redis.close();
  // The comparison is worth something only when the histories reached every kind of answer.
  for (const kind of ALL_ANSWERS) expect(kinds).toContain(kind);
});
