import { Kafka, logLevel } from 'kafkajs';
import { z } from 'zod';
import { readEnvironment } from '../../src/config/index.ts';
import { answer, readInput } from './channel.ts';
import { Stopwatch, type ThroughputResult } from './stopwatch.ts';

// What kafkajs itself can do: eachBatch that counts records and does nothing else.

const input = await readInput(
  z.object({ groupId: z.string(), topics: z.array(z.string()), expected: z.number(), warm: z.number() }),
);
const brokers = (readEnvironment()['KAFKA_BROKERS'] ?? '').split(',');
const consumer = new Kafka({ brokers, logLevel: logLevel.ERROR }).consumer({ groupId: input.groupId });
const stopwatch = new Stopwatch();
let seen = 0;
let warm: number | undefined;
let over: () => void = () => undefined;
const isOver = new Promise<void>((resolve) => {
  over = resolve;
});

await consumer.connect();
await consumer.subscribe({ topics: input.topics, fromBeginning: true });
await consumer.run({
  autoCommit: true,
  eachBatch: async ({ batch }) => {
    seen += batch.messages.length;
    const warming = warm === undefined;
    if (warming && seen >= input.warm) {
      warm = seen;
      stopwatch.start();
    }
    if (seen < input.expected) return;
    if (!warming) stopwatch.stop(seen - (warm ?? 0));
    over();
  },
});
await isOver;
await consumer.disconnect();
const { window } = stopwatch;
if (window === undefined) throw new Error('the warm-up took everything');
const effects = { total: seen, missing: 0, repeated: seen - input.expected, disordered: 0 };
const result: ThroughputResult = { window, effects };
answer(result);
