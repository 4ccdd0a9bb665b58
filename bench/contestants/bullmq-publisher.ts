import { Queue } from 'bullmq';
import { z } from 'zod';
import { readEnvironment } from '../../src/config/index.ts';
import type { WorkAsked } from '../generated/work-asked.ts';
import { BullmqPlace, redisAddress } from './bullmq-place.ts';
import { answer, readInput } from './channel.ts';
import { pieceOf, Stream } from './streams.ts';

// Adds a backlog to a BullMQ queue, in bulk.

const CHUNK = 1_000;
const OPTIONS = {
  attempts: 3,
  backoff: { type: 'fixed', delay: 100 },
  removeOnComplete: true,
  removeOnFail: true,
} as const;

const { place, stream } = await readInput(z.object({ place: BullmqPlace, stream: Stream }));
const queue = new Queue<WorkAsked>(place.queue, {
  connection: redisAddress(readEnvironment()['REDIS_URL']),
  prefix: place.prefix,
});
const run = { ns: place.prefix, types: 1, streamStartMs: 0 };
for (let from = 0; from < stream.count; from += CHUNK) {
  const size = Math.min(CHUNK, stream.count - from);
  const data = Array.from({ length: size }, (_, offset) => pieceOf(stream, from + offset, run));
  await queue.addBulk(data.map((work) => ({ name: 'work', data: work, opts: OPTIONS })));
}
await queue.close();
answer({ written: stream.count });
