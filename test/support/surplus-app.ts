import { appendFileSync } from 'node:fs';
import { InvoicePaid } from '../../examples/condominium/generated/invoice-paid.ts';
import type { Broker, RecordProducer } from '../../src/core/ports/broker.ts';
import { defineApp, defineEvent, defineJob, knownTenants } from '../../src/index.ts';
import type { Backend } from '../../src/runtime/backend.ts';
import { pause } from './wait.ts';

export const FLOODING = 'flooding';
export const QUIET = 'quiet';
export const CONCURRENCY = 4;
const WORK_MS = 20;

/** An app with one partition for a flood; handlers say each effect in a file: `<payment> <tenant>`. */
export const surplusApp = (ns: string, file: string) => {
  const paid = defineEvent(InvoicePaid, { topic: `${ns}.billing.events`, check: 'none', partitions: 1 });
  const settle = defineJob<InvoicePaid>({
    ...{ type: 'settle', kind: 'reactive', on: paid, order: 'none', startFrom: 'beginning', lease: '2s' },
    ...{ concurrency: CONCURRENCY, retry: { attempts: 2, backoff: '100ms' } },
    run: async ({ paymentId }, { tenant }) => {
      await pause(WORK_MS);
      appendFileSync(file, `${paymentId} ${tenant}\n`);
    },
  });
  const tenants = knownTenants([FLOODING, QUIET]);
  const app = defineApp({
    ...{ name: ns, events: [paid], jobs: [settle], tiers: ['100ms'], partitions: 1, tenants },
  });
  return { app, paid };
};

/** A backend whose process dies when so many copies are on the surplus topic, before anybody hears of the last one. */
export const dyingWhileMoving = (backend: Backend, copies: number, die: () => never): Backend => {
  let written = 0;
  const counted = (topic: string): void => {
    if (!topic.endsWith('.surplus')) return;
    written += 1;
    if (written === copies) die();
  };
  const { broker } = backend;
  const dying: Broker = {
    createConsumer: (options) => broker.createConsumer(options),
    admin: broker.admin,
    close: () => broker.close(),
    createProducer: async (options): Promise<RecordProducer> => {
      const producer = await broker.createProducer(options);
      return {
        send: (record, sendOptions) => producer.send(record, sendOptions),
        post: (record, done) =>
          producer.post(record, (error, position) => {
            if (error === undefined) counted(record.topic);
            done(error, position);
          }),
        flush: () => producer.flush(),
        close: (timeoutMs) => producer.close(timeoutMs),
      };
    },
  };
  return { ...backend, broker: dying };
};
