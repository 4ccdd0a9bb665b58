import { z } from 'zod';
import { createMemoryBroker, MemoryCluster, memoryFaults } from '../../../../src/broker/memory/index.ts';
import { type AppDefinition, defineApp } from '../../../../src/core/app.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import type { AvroContract } from '../../../../src/core/contract.ts';
import { contextHeaders, type JobHeaders, withJobHeaders } from '../../../../src/core/envelope.ts';
import { defineEvent } from '../../../../src/core/event.ts';
import { AuditRecord } from '../../../../src/core/generated/audit-record.ts';
import { JobEvent } from '../../../../src/core/generated/job-event.ts';
import { defineJob } from '../../../../src/core/job.ts';
import { names } from '../../../../src/core/names.ts';
import { silentLog } from '../../../../src/core/ports/log.ts';
import {
  type ConsumedRecord,
  copyRecord,
  type RecordHeaders,
  type RecordPosition,
} from '../../../../src/core/record.ts';
import { knownTenants } from '../../../../src/core/tenants.ts';
import { openControlLog } from '../../../../src/runtime/control/control-log.ts';
import type { ReplayParts } from '../../../../src/runtime/replay/index.ts';
import { applyTopics } from '../../../../src/runtime/topics/index.ts';
import { createMemorySource } from '../../../../src/serde/memory-source.ts';
import { createSerde } from '../../../../src/serde/serde.ts';
import { createMemoryStateStore } from '../../../../src/state/memory/memory-state-store.ts';

export interface Paid {
  readonly paymentId: string;
  readonly password: string;
}

export const Paid: AvroContract<Paid> = {
  name: 'shop.Paid',
  schema: {
    type: 'record',
    name: 'Paid',
    namespace: 'shop',
    fields: [
      { name: 'paymentId', type: 'string' },
      { name: 'password', type: 'string' },
    ],
  },
};

const run = () => undefined;
const paid = defineEvent(Paid, { topic: 'shop.events', check: 'none' });
const receipt = defineJob({ type: 'send-receipt', kind: 'reactive', on: paid, order: 'none', run });
const report = defineJob({
  type: 'make-report',
  kind: 'system',
  payload: z.object({ month: z.string(), owner: z.string().optional().meta({ personal: true }) }),
  order: 'none',
  run,
});

export const app: AppDefinition = defineApp({
  name: 'shop',
  events: [paid],
  jobs: [receipt, report],
  tenants: knownTenants(['acme']),
  tiers: ['1s'],
  partitions: 2,
});

/** What a dead letter of the tests says; the rest is usual. */
export interface Died {
  readonly on?: string;
  readonly value?: Buffer | null;
  readonly key?: string;
  readonly tenant?: string;
  readonly eventType?: string;
  readonly job?: Partial<JobHeaders>;
  readonly headers?: RecordHeaders;
  readonly atMs?: number;
}

export const deadJob = (job: Partial<JobHeaders> = {}): JobHeaders => ({
  id: 'job-1',
  type: 'send-receipt',
  attempt: 3,
  starts: 4,
  hop: 5,
  origin: 'shop.events/0/7',
  firstFailedAtMs: 900,
  error: { code: 'ETIMEDOUT', class: 'transient', message: 'no answer', fingerprint: 'f00d' },
  deadReason: 'attempts_exhausted',
  replayCount: 0,
  ...job,
});

/** A shop in memory with topics applied, a way to let jobs die, and eyes on what replay writes. */
export const makeWorld = async () => {
  const cluster = new MemoryCluster();
  const broker = createMemoryBroker({ cluster });
  const serde = createSerde({ source: createMemorySource([Paid, AuditRecord, JobEvent]) });
  const told: JobEvent[] = [];
  await applyTopics(app, broker.admin);
  const producer = await broker.createProducer();
  const state = createMemoryStateStore({ clock: systemClock });
  const control = await openControlLog({ ns: 'shop', broker, clock: systemClock, log: silentLog });
  const parts: ReplayParts = {
    app,
    backend: { broker, serde, state },
    control,
    clock: systemClock,
    service: { service: 'tests', host: 'here' },
    operator: { name: 'ana', roles: ['operator'] },
    policy: { observeMs: 1 },
    connectWriter: async () => ({
      producer,
      serde,
      telemetry: {
        encode: (event) => ({ key: Buffer.from(event.tenantId), value: Buffer.from(event.eventId) }),
        append: async () => undefined,
        post: (_record, done) => setImmediate(done),
        observe: (event) => told.push(event),
      },
    }),
  };

  const die = async (died: Died = {}): Promise<RecordPosition> => {
    const context = contextHeaders({
      eventId: 'event-1',
      eventType: died.eventType ?? Paid.name,
      source: 'billing',
      tenant: died.tenant ?? 'acme',
      correlationId: 'chain-1',
    });
    return producer.send({
      topic: died.on ?? names.deadLetters('shop', 'send-receipt'),
      key: Buffer.from(died.key ?? 'acme'),
      value:
        died.value === undefined
          ? await serde.encode(Paid, { paymentId: 'p-1', password: 'hunter2!' })
          : died.value,
      headers: died.headers ?? withJobHeaders(context, deadJob(died.job)),
      ...(died.atMs === undefined ? {} : { timestampMs: died.atMs }),
    });
  };

  const read = async (topic: string): Promise<readonly ConsumedRecord[]> => {
    const records: ConsumedRecord[] = [];
    for (const { partition, low, high } of await broker.admin.offsetRanges(topic)) {
      await broker.admin.read({ topic, partition, from: low, to: high }, (record) => {
        records.push(copyRecord(record));
        return true;
      });
    }
    return records;
  };

  const audits = async (): Promise<readonly AuditRecord[]> => {
    const decoded = await Promise.all(
      (await read('shop.audit')).map(({ value }) => serde.decode(AuditRecord, value)),
    );
    return decoded.flatMap((one) => (one.ok ? [one.value] : []));
  };

  return { broker, serde, state, producer, parts, told, die, read, audits, faults: memoryFaults(cluster) };
};

export type World = Awaited<ReturnType<typeof makeWorld>>;
