import { randomBytes } from 'node:crypto';
import type { AppDefinition } from '../../src/core/app.ts';
import type { ConsumedRecord } from '../../src/core/record.ts';
import { type Esteira, type JobEvent, type StartOptions, start } from '../../src/index.ts';
import { applyTopics } from '../../src/runtime/topics/index.ts';
import { type OpenServices, openServices } from './open-services.ts';

/** A name for an app of its own: topics, groups and keys of two runs never meet. */
export const freshName = (what: string): string => `it-${what}-${randomBytes(4).toString('hex')}`;

/** An app running in this process on the real services. */
export interface Scenario {
  readonly esteira: Esteira;
  readonly services: OpenServices;
  /** Every telemetry event this process told. */
  readonly told: readonly JobEvent[];
  toldOf(type: JobEvent['type']): readonly JobEvent[];
  /** All records of a topic. */
  records(topic: string): Promise<readonly ConsumedRecord[]>;
  close(): Promise<void>;
}

/** Registers schemas, applies topics and starts the app. */
export const startScenario = async (app: AppDefinition, options: StartOptions = {}): Promise<Scenario> => {
  const services = await openServices(app, options.environment);
  await applyTopics(app, services.backend.broker.admin, {});
  const told: JobEvent[] = [];
  const esteira = await start(app, {
    environment: { ...process.env, LOG_LEVEL: 'silent', WORKER_SHUTDOWN_GRACE_SECONDS: '2' },
    backend: services.backend,
    onJobEvent: (event) => told.push(event),
    ...options,
  });
  return {
    esteira,
    services,
    told,
    toldOf: (type) => told.filter((event) => event.type === type),
    records: (topic) => readTopic(services, topic),
    close: async () => {
      await esteira.stop();
      await services.close();
    },
  };
};

/** Every record of a topic, partition by partition. */
export const readTopic = async (
  services: OpenServices,
  topic: string,
): Promise<readonly ConsumedRecord[]> => {
  const { admin } = services.backend.broker;
  const found: ConsumedRecord[] = [];
  for (const { partition, low, high } of await admin.offsetRanges(topic)) {
    await admin.read({ topic, partition, from: low, to: high }, (record) => {
      found.push(record);
      return true;
    });
  }
  return found;
};

/** The bytes of a record on the wire: key, value and headers. */
export const sizeOnWire = ({ key, value, headers }: ConsumedRecord): number =>
  (key?.length ?? 0) +
  (value?.length ?? 0) +
  headers.reduce((sum, [name, bytes]) => sum + Buffer.byteLength(name) + (bytes?.length ?? 0) + 2, 0);
