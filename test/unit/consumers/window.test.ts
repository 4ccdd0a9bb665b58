import { expect, test } from 'vitest';
import { InvoicePaid } from '../../../examples/condominium/generated/invoice-paid.ts';
import type { Broker, ConsumerListener } from '../../../src/core/ports/broker.ts';
import type { HeaderEntry } from '../../../src/core/record.ts';
import { defineEvent } from '../../../src/index.ts';
import { invoice } from '../../support/invoices.ts';
import { only } from '../../support/only.ts';
import { onInvoice, openBench } from './bench.ts';

/** Records handed over, and how often reading was stopped and went on. */
const watchedReading = () => {
  const seen = { handed: 0, paused: 0, resumed: 0 };
  const wrap = (broker: Broker): Broker => ({
    createProducer: (options) => broker.createProducer(options),
    admin: broker.admin,
    close: () => broker.close(),
    createConsumer: (options) => {
      const consumer = broker.createConsumer(options);
      if (options.groupId !== 'bench.job.settle') return consumer;
      const watched = (listener: ConsumerListener): ConsumerListener => ({
        onAssigned: (assignment) => listener.onAssigned(assignment),
        onOffsetProblem: (problems) => listener.onOffsetProblem(problems),
        onCrash: (error) => listener.onCrash(error),
        onBatch: (batch) => {
          seen.handed += batch.records.length;
          listener.onBatch(batch);
        },
      });
      return {
        run: (listener) => consumer.run(watched(listener)),
        commit: (offsets) => consumer.commit(offsets),
        stop: () => consumer.stop(),
        pause: (partitions) => {
          seen.paused += 1;
          consumer.pause(partitions);
        },
        resume: (partitions) => {
          seen.resumed += 1;
          consumer.resume(partitions);
        },
      };
    },
  });
  return { seen, wrap };
};

const RECORDS = 10_000;
/** The memory broker hands over at most so many records at once, and a full window stops the next batch. */
const LARGEST_BATCH = 500;
const ENVIRONMENT = { LOG_LEVEL: 'silent', WORKER_MAX_CONCURRENT_JOBS: '200' };

/** Writes one event under ten thousand ids, in turn for these tenants. */
const fill = async (bench: ReturnType<typeof openBench>, tenants: readonly string[]): Promise<void> => {
  const writer = await bench.run({ roles: [] });
  await writer.publish(only(bench.app.events), invoice('p'), { tenant: 'acme' });
  const { value, headers } = only(await bench.read('billing.events'));
  const producer = await bench.backend.broker.createProducer();
  for (let index = 1; index < RECORDS; index += 1) {
    const key = Buffer.from(tenants[index % tenants.length] ?? '');
    const own: Readonly<Record<string, Buffer>> = { ce_id: Buffer.from(`e${index}`), ce_tenantid: key };
    const named = headers.map(([name, bytes]): HeaderEntry => [name, own[name] ?? bytes]);
    void producer.send({ topic: 'billing.events', key, value, headers: named });
  }
  await producer.close();
};

test('ten thousand records pass one partition through a window of 50, which stops reading when full', {
  timeout: 60_000,
}, async () => {
  const reading = watchedReading();
  let done = 0;
  let mostHeld = 0;
  const job = onInvoice({
    run: () => {
      mostHeld = Math.max(mostHeld, reading.seen.handed - done);
      done += 1;
    },
  });
  const bench = openBench([job], { broker: reading.wrap });
  await fill(bench, ['acme']);
  const esteira = await bench.run({
    environment: ENVIRONMENT,
    engine: { window: { records: 50, bytes: 8_388_608 } },
  });
  await esteira.idle({ timeoutMs: 50_000 });
  expect(done).toBe(RECORDS);
  expect(reading.seen.handed).toBe(RECORDS);
  expect(mostHeld).toBeLessThanOrEqual(50 + LARGEST_BATCH);
  expect(reading.seen.paused).toBeGreaterThanOrEqual(RECORDS / (50 + LARGEST_BATCH));
  expect(reading.seen.resumed).toBe(reading.seen.paused);
  expect(await bench.committed()).toBe(BigInt(RECORDS));
});

test('ten thousand jobs that do nothing complete, each told once', { timeout: 60_000 }, async () => {
  const wide = defineEvent(InvoicePaid, { topic: 'billing.events', check: 'none', partitions: 6 });
  const tenants = { resolve: async (id: string) => ({ id }) };
  const bench = openBench([onInvoice({ on: wide })], { events: [wide], tenants, partitions: 6 });
  await fill(
    bench,
    Array.from({ length: 50 }, (_, index) => `t${index}`),
  );
  const esteira = await bench.run({ environment: ENVIRONMENT });
  await esteira.idle({ timeoutMs: 50_000 });
  const completed = bench.types('job.completed');
  expect(new Set(completed.map(({ jobId }) => jobId)).size).toBe(RECORDS);
  expect(completed).toHaveLength(RECORDS);
  const ranges = await bench.backend.broker.admin.offsetRanges('bench.telemetry.jobs');
  expect(ranges.reduce((sum, { high }) => sum + high, 0n)).toBe(2n * BigInt(RECORDS));
});
