import { type Job, Worker } from 'bullmq';
import { z } from 'zod';
import { readEnvironment } from '../../src/config/index.ts';
import type { WorkAsked } from '../generated/work-asked.ts';
import { BullmqPlace, redisAddress } from './bullmq-place.ts';
import { answer, readInput } from './channel.ts';
import { EffectCounter } from './effects.ts';
import { openSameWork } from './same-work.ts';
import { Stopwatch, type ThroughputResult } from './stopwatch.ts';

// A BullMQ worker: bare, or with the work that Esteira does for each job. Ends at the last effect.

const input = await readInput(
  z.object({
    place: BullmqPlace,
    concurrency: z.number(),
    expected: z.number(),
    warm: z.number(),
    /** Topic of the telemetry records; absent for a bare worker. */
    telemetryTopic: z.string().optional(),
  }),
);
const env = readEnvironment();
const effects = new EffectCounter(input.expected, false);
const stopwatch = new Stopwatch();
effects.whenReached(input.warm, () => stopwatch.start());
const isOver = new Promise<void>((resolve) => {
  effects.whenReached(input.expected, () => {
    stopwatch.stop(input.expected - input.warm);
    resolve();
  });
});

const perform = ({ data, attemptsMade }: Job<WorkAsked>): void => {
  if (attemptsMade < data.failAttempts) throw new Error(`made to fail at attempt ${attemptsMade + 1}`);
  effects.add(data.index, data.tenantId);
};

const sameWork =
  input.telemetryTopic === undefined
    ? undefined
    : await openSameWork(env, input.place.prefix, input.telemetryTopic);

/** Claim, tell the start, work, mark as done, tell the end; over when everything is durable. */
const process = async (job: Job<WorkAsked>): Promise<void> => {
  if (sameWork === undefined) return perform(job);
  const { workId, tenantId } = job.data;
  if (!(await sameWork.claim(workId))) return;
  const started = sameWork.tell(tenantId);
  try {
    perform(job);
  } catch (error) {
    await Promise.all([started, sameWork.tell(tenantId), sameWork.release(workId)]);
    throw error;
  }
  await Promise.all([started, sameWork.tell(tenantId), sameWork.done(workId)]);
};

const worker = new Worker<WorkAsked>(input.place.queue, process, {
  connection: redisAddress(env['REDIS_URL']),
  prefix: input.place.prefix,
  concurrency: input.concurrency,
});
worker.on('error', (error) => console.error(error));
await isOver;
await worker.close();
await sameWork?.close();
const { window } = stopwatch;
if (window === undefined) throw new Error('nothing was measured');
const result: ThroughputResult = { window, effects: effects.report(input.expected) };
answer(result);
