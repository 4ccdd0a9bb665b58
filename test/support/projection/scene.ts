import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createKafkaBroker } from '../../../src/broker/kafka/index.ts';
import { JobEvent } from '../../../src/core/generated/job-event.ts';
import { names } from '../../../src/core/names.ts';
import type { Broker, RecordProducer } from '../../../src/core/ports/broker.ts';
import { silentLog } from '../../../src/core/ports/log.ts';
import type { Serde } from '../../../src/core/ports/serde.ts';
import { createConfluentSource } from '../../../src/serde/confluent-source.ts';
import { createSerde } from '../../../src/serde/serde.ts';
import { openProjectionStore } from '../../../src/telemetry/projection/store.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { startWorkerProcess, type WorkerProcess } from '../worker-process.ts';

const PARTITIONS = 8;

/** What a projecting process said at its end. */
export interface ProjectionReport {
  readonly taken: number;
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly maxRssMb: number;
}

/** Writes events as fast as the producer takes them; resolves when all are acknowledged. Answers the records. */
const writeAll = async (
  producer: RecordProducer,
  serde: Serde,
  topic: string,
  events: Iterable<JobEvent>,
): Promise<number> => {
  let records = 0;
  let failure: Error | undefined;
  for (const event of events) {
    const value = await serde.encode(JobEvent, event);
    producer.post({ topic, key: Buffer.from(event.tenantId), value, headers: [] }, (error) => {
      failure ??= error;
    });
    records += 1;
    if (records % 10_000 === 0) await producer.flush();
  }
  await producer.flush();
  if (failure !== undefined) throw failure;
  return records;
};

/** A telemetry topic on the real broker and projections of it in processes of their own. */
export const projectionScene = async (app: string) => {
  const folder = temporaryFolder('projection');
  const { KAFKA_BROKERS = '', SCHEMA_REGISTRY_URL = '' } = process.env;
  const broker: Broker = createKafkaBroker({ brokers: KAFKA_BROKERS.split(','), clientId: app }, silentLog);
  onTestFinished(() => broker.close());
  const serde = createSerde({ source: createConfluentSource({ url: SCHEMA_REGISTRY_URL }) });
  const topic = names.telemetry(app);
  await broker.admin.createTopics([{ topic, partitions: PARTITIONS, replicationFactor: 1, config: {} }]);
  onTestFinished(() => broker.admin.deleteTopics([topic]));

  /** Starts a process that projects the topic into a file of this name. */
  const project = async (
    file: string,
    { commitRecords }: { readonly commitRecords?: number } = {},
  ): Promise<Projecting> => {
    let taken = 0;
    let report: ProjectionReport | undefined;
    const child = await startWorkerProcess({
      program: 'test/support/projection-runner.ts',
      env: {
        ...{ PROJECTION_NS: app, PROJECTION_PATH: join(folder, file) },
        PROJECTION_COMMIT: String(commitRecords ?? ''),
      },
      logFile: join(folder, `${file}.log`),
      onMessage: (message) => {
        if (typeof message === 'number') taken = message;
        if (isReport(message)) report = message;
      },
    });
    return { ...child, report: () => report, taken: () => taken };
  };
  return {
    ...{ topic, broker, project },
    pathOf: (file: string) => join(folder, file),
    write: async (events: Iterable<JobEvent>) => {
      const producer = await broker.createProducer();
      const records = await writeAll(producer, serde, topic, events);
      await producer.close();
      return records;
    },
  };
};

export interface Projecting extends WorkerProcess {
  report(): ProjectionReport | undefined;
  /** Records it has read. */
  taken(): number;
}

const isReport = (message: unknown): message is ProjectionReport =>
  typeof message === 'object' && message !== null && 'cpuMs' in message;

/** Asks a store that nobody writes. */
export const askStore = async (path: string, sql: string): Promise<readonly unknown[][]> => {
  const store = await openProjectionStore(path, { readOnly: true });
  const connection = await store.connect();
  const rows = (await connection.runAndReadAll(sql)).getRowsJson();
  connection.closeSync();
  await store.close();
  return rows;
};

/** All rows with their places in one number, whatever their order. */
export const CHECKSUM =
  'SELECT count(*)::INT, bit_xor(hash(e))::VARCHAR, sum(hash(e)::HUGEINT)::VARCHAR FROM job_events AS e';
