import { Redis } from 'ioredis';
import { Kafka, logLevel } from 'kafkajs';
import { RecordCollector } from './record-collector.ts';
import { telemetrySample } from './telemetry-sample.ts';

/** What a team adds to a queue to have what Esteira gives: a mark for each key, and two telemetry records a job. */
export interface SameWork {
  /** Whether this run may do the work: false when it is done, or somebody else has it. */
  claim(workId: string): Promise<boolean>;
  /** Tells a step; resolves when Kafka has it. */
  tell(tenant: string): Promise<void>;
  done(workId: string): Promise<void>;
  release(workId: string): Promise<void>;
  close(): Promise<void>;
}

const LEASE_MS = 30_000;
const DONE_TTL_MS = 8 * 24 * 3_600_000;

/** `markPrefix` begins every key. Redis commands of one turn go in one pipeline; records are batched. */
export const openSameWork = async (
  env: Readonly<Record<string, string | undefined>>,
  markPrefix: string,
  topic: string,
): Promise<SameWork> => {
  const marks = new Redis(env['REDIS_URL'] ?? '', { enableAutoPipelining: true });
  const brokers = (env['KAFKA_BROKERS'] ?? '').split(',');
  const producer = new Kafka({ brokers, logLevel: logLevel.ERROR }).producer();
  await producer.connect();
  const records = new RecordCollector(producer, topic);
  const sample = await telemetrySample();
  const nameOf = (workId: string): string => `${markPrefix}:mark:${workId}`;
  return {
    claim: async (workId) => (await marks.set(nameOf(workId), 'running', 'PX', LEASE_MS, 'NX')) === 'OK',
    tell: (tenant) => records.add(Buffer.from(tenant), Buffer.from(sample)),
    done: async (workId) => void (await marks.set(nameOf(workId), 'done', 'PX', DONE_TTL_MS)),
    release: async (workId) => void (await marks.del(nameOf(workId))),
    close: async () => {
      await producer.disconnect();
      marks.disconnect();
    },
  };
};
