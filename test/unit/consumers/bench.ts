import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { InvoicePaid } from '../../../examples/condominium/generated/invoice-paid.ts';
import { createMemoryBroker, MemoryCluster, memoryFaults } from '../../../src/broker/memory/index.ts';
import { systemClock } from '../../../src/core/clock.ts';
import type { Broker } from '../../../src/core/ports/broker.ts';
import type { Serde } from '../../../src/core/ports/serde.ts';
import type { ConsumedRecord, RecordHeaders } from '../../../src/core/record.ts';
import {
  type AppOptions,
  defineApp,
  defineEvent,
  defineJob,
  type Esteira,
  type JobEvent,
  type JobOptions,
  knownTenants,
  type StartOptions,
  start,
} from '../../../src/index.ts';
import { type Backend, contractsOf } from '../../../src/runtime/backend.ts';
import { createMemorySource } from '../../../src/serde/memory-source.ts';
import { createSerde } from '../../../src/serde/serde.ts';
import { createMemoryStateStore } from '../../../src/state/memory/memory-state-store.ts';

/** One partition, so that a test knows what comes after what. */
export const invoicePaid = defineEvent(InvoicePaid, {
  topic: 'billing.events',
  check: z.object({ amountCents: z.number().positive() }),
  partitions: 1,
});

/** A job type on paid invoices; tests say what they are about. */
export const onInvoice = (changes: Partial<JobOptions<InvoicePaid>> = {}) =>
  defineJob<InvoicePaid>({
    ...{ type: 'settle', kind: 'reactive', on: invoicePaid, order: 'none', startFrom: 'beginning' },
    ...{ lease: '300ms', retry: { attempts: 2, backoff: '20ms' } },
    run: () => undefined,
    ...changes,
  });

/** What a test puts between the engine and the services. */
export interface BenchOptions extends Partial<AppOptions> {
  readonly state?: (state: Backend['state']) => Backend['state'];
  readonly broker?: (broker: Broker) => Broker;
  readonly serde?: (serde: Serde) => Serde;
}

const asIs = <T>(given: T): T => given;

/** Services in memory with their fault switches, and processes of one app on them; all stopped with the test. */
export const openBench = (jobs: AppOptions['jobs'], options: BenchOptions = {}) => {
  const { state = asIs, broker = asIs, serde = asIs, ...appOptions } = options;
  const app = defineApp({
    ...{ name: 'bench', events: [invoicePaid], jobs, tenants: knownTenants(['acme', 'globex']) },
    ...{ tiers: ['20ms', '50ms', '100ms'], partitions: 1 },
    ...appOptions,
  });
  const cluster = new MemoryCluster();
  const backend = {
    broker: broker(createMemoryBroker({ cluster })),
    state: state(createMemoryStateStore({ clock: systemClock })),
    serde: serde(createSerde({ source: createMemorySource(contractsOf(app)) })),
    close: async () => undefined,
  };
  const { admin } = backend.broker;
  const told: JobEvent[] = [];
  const lines: string[] = [];
  /** Starts another process of the app. */
  const run = async (changes: StartOptions = {}): Promise<Esteira> => {
    const esteira = await start(app, {
      ...{ backend, environment: { LOG_LEVEL: 'info', WORKER_SHUTDOWN_GRACE_SECONDS: '1' } },
      onJobEvent: (event) => told.push(event),
      logTo: { write: (line: string) => lines.push(line) },
      ...changes,
    });
    onTestFinished(async () => {
      await esteira.stop();
    });
    return esteira;
  };
  const read = async (topic: string): Promise<readonly ConsumedRecord[]> => {
    const records: ConsumedRecord[] = [];
    for (const { partition, low, high } of await admin.offsetRanges(topic)) {
      await admin.read({ topic, partition, from: low, to: high }, (record) => records.push(record) > 0);
    }
    return records;
  };
  return {
    ...{ app, cluster, backend, told, lines, run, read },
    faults: memoryFaults(cluster),
    types: (type: string) => told.filter((event) => event.type === type),
    /** The committed offset of the job type `settle` on its event topic. */
    committed: async () => (await admin.committedOffsets('bench.job.settle', 'billing.events'))[0]?.offset,
    /** Sets the largest record a topic takes. */
    limit: (topic: string, bytes: number) =>
      admin.alterTopicConfig(topic, { 'max.message.bytes': String(bytes) }),
    /** Writes a record as a foreign producer does. */
    write: async (
      topic: string,
      value: Buffer | null,
      headers: RecordHeaders,
      key = 'acme',
      timestampMs = Date.now(),
    ) => {
      const producer = await backend.broker.createProducer();
      await producer.send({ topic, key: Buffer.from(key), value, headers, timestampMs });
      await producer.close();
    },
  };
};

/** The headers of a record as text, by name. */
export const textHeaders = (headers: RecordHeaders): Readonly<Record<string, string>> =>
  Object.fromEntries(headers.map(([name, value]) => [name, value?.toString() ?? '']));
