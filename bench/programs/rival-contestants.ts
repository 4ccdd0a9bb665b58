import { z } from 'zod';
import { simpleShape } from '../contestants/app-shape.ts';
import { ThroughputResult } from '../contestants/stopwatch.ts';
import { prepareApp, writeBacklog } from '../harness/app-run.ts';
import { mustBeExact } from '../harness/check-effects.ts';
import { createTopic } from '../harness/create-topic.ts';
import type { Stage } from '../harness/stage.ts';
import { type Contestant, KEYS, type Load } from './contestant.ts';

const PARTITIONS = 6;

/** kafkajs alone on the records that Esteira gets. */
export const rawKafkajs: Contestant = {
  name: 'raw kafkajs eachBatch no-op',
  concurrencies: [1],
  run: async (stage, { jobs, warm }) => {
    const shape = simpleShape(stage.freshName('raw'), { partitions: PARTITIONS });
    try {
      await prepareApp(stage, shape);
      await writeBacklog(stage, shape, [{ lane: 'all', from: 0, count: jobs, keys: KEYS }]);
      const topics = shape.jobs.map(({ topic }) => topic);
      const input = { groupId: `${shape.ns}-raw`, topics, expected: jobs, warm };
      const child = () => stage.start('raw-consumer', input, ThroughputResult).result;
      const { effects, window } = await stage.watched(child);
      mustBeExact(effects, shape.ns);
      return window;
    } finally {
      await stage.clear(shape.ns);
    }
  },
};

const runBullmq = async (stage: Stage, load: Load, telemetryTopic: string | undefined, prefix: string) => {
  const { jobs, warm, concurrency, failPercent } = load;
  const place = { prefix, queue: 'work' };
  const stream = { lane: 'all', from: 0, count: jobs, keys: KEYS, failPercent };
  await stage.start('bullmq-publisher', { place, stream }, z.object({ written: z.number() })).result;
  const told = telemetryTopic === undefined ? {} : { telemetryTopic };
  const input = { place, concurrency, expected: jobs, warm, ...told };
  const { effects, window } = await stage.watched(
    () => stage.start('bullmq-worker', input, ThroughputResult).result,
  );
  mustBeExact(effects, prefix);
  return window;
};

const CONCURRENCIES = [50, 100, 200, 500];

/** BullMQ with an idempotency mark in Redis and two telemetry records a job in Kafka. */
export const bullmqSameWork: Contestant = {
  name: 'BullMQ, same work',
  concurrencies: CONCURRENCIES,
  run: async (stage, load) => {
    const prefix = stage.freshName('bullmq');
    const topic = `${prefix}.telemetry`;
    try {
      await createTopic(stage.env, topic, PARTITIONS);
      return await runBullmq(stage, load, topic, prefix);
    } finally {
      await stage.clear(prefix);
    }
  },
};

/** BullMQ with a handler that does nothing. */
export const bullmqBare: Contestant = {
  name: 'BullMQ, bare no-op',
  concurrencies: CONCURRENCIES,
  run: async (stage, load) => {
    const prefix = stage.freshName('bullmq');
    try {
      return await runBullmq(stage, load, undefined, prefix);
    } finally {
      await stage.clear(prefix);
    }
  },
};
