import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createMemoryBroker } from '../../../../src/broker/memory/index.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import type { AvroContract } from '../../../../src/core/contract.ts';
import { JobEvent } from '../../../../src/core/generated/job-event.ts';
import { deterministicId } from '../../../../src/core/ids.ts';
import type { RecordProducer } from '../../../../src/core/ports/broker.ts';
import { createProjection } from '../../../../src/runtime/projection/projection.ts';
import { createMemorySource } from '../../../../src/serde/memory-source.ts';
import { createSerde } from '../../../../src/serde/serde.ts';
import { openProjectionStore } from '../../../../src/telemetry/projection/store.ts';
import { jobEvent } from '../../../support/job-events.ts';
import { recordingLog } from '../../../support/recording-log.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { waitFor } from '../../../support/wait.ts';

export const TOPIC = 'shop.telemetry.jobs';
const DAY_MS = 86_400_000;
/** Just behind the time of `jobEvent`. */
export const NOW_MS = Date.UTC(2026, 9, 2);

export type World = Awaited<ReturnType<typeof projectionWorld>>;

/** An event of its own, the `index`th. */
export const numbered = (index: number, told: Partial<JobEvent> = {}): JobEvent =>
  jobEvent('job.completed', { eventId: deterministicId('test', String(index)), ...told });

/** A file of its own, deleted behind the tests. */
export const freshPath = async (): Promise<string> =>
  join(temporaryFolder('projection'), 'shop.projection.duckdb');

/** A telemetry topic in memory with the real codec, and projections of it in files. */
export const projectionWorld = async ({ partitions = 2 } = {}) => {
  const broker = createMemoryBroker();
  onTestFinished(() => broker.close());
  const createTopic = () =>
    broker.admin.createTopics([{ topic: TOPIC, partitions, replicationFactor: 1, config: {} }]);
  await createTopic();
  const source = createMemorySource([JobEvent]);
  const serde = createSerde({ source });
  await serde.warm([JobEvent]);
  const producer: RecordProducer = await broker.createProducer();
  const log = recordingLog();

  const append = (value: Buffer | null, partition = 0) =>
    producer.send({ topic: TOPIC, partition, key: null, value, headers: [] });
  const tell = async (events: readonly JobEvent[], partition = 0): Promise<void> => {
    for (const event of events) await append(await serde.encode(JobEvent, event), partition);
  };
  const tellAs = async <T>(contract: AvroContract<T>, value: T): Promise<void> => {
    source.add(contract);
    await append(await serde.encode(contract, value));
  };

  /** Projects until all is there, then stops. */
  const project = async (
    path: string,
    { retentionMs = 90 * DAY_MS, nowMs = NOW_MS }: { retentionMs?: number; nowMs?: number } = {},
  ): Promise<void> => {
    const clock = { ...systemClock, nowMs: () => nowMs };
    const projection = createProjection({ app: 'shop', broker, serde, clock, log, path, retentionMs });
    await projection.start();
    try {
      await waitFor('nothing is left to be read', () => projection.lag().records === 0, { everyMs: 5 });
    } finally {
      await projection.stop();
    }
  };
  return { broker, createTopic, serde, log, append, tell, tellAs, project };
};

/** Rows of a query over a projection that nobody writes. */
export const ask = async (path: string, sql: string): Promise<readonly unknown[][]> => {
  const store = await openProjectionStore(path, { readOnly: true });
  const connection = await store.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowsJson();
  } finally {
    connection.closeSync();
    await store.close();
  }
};

/** Every row and its place as one number, whatever the order of the rows. */
export const checksum = async (path: string): Promise<unknown> =>
  (await ask(path, 'SELECT count(*), bit_xor(hash(e)), sum(hash(e)::HUGEINT) FROM job_events AS e'))[0];
