import { expect, test } from 'vitest';
import { names } from '../../../src/core/names.ts';
import { completed, defineApp, knownTenants, start } from '../../../src/index.ts';
import { invoice } from '../../support/invoices.ts';
import { invoicePaid, onInvoice, openBench } from '../consumers/bench.ts';

test('an app without telemetry runs each job once, tells its listeners, and nothing on the topic', async () => {
  let runs = 0;
  const bench = openBench([
    onInvoice({
      run: () => {
        runs += 1;
      },
    }),
  ]);
  const esteira = await bench.run({ telemetry: false });
  await esteira.publish(invoicePaid, invoice('once'), { tenant: 'acme' });
  await esteira.publish(invoicePaid, invoice('once'), { tenant: 'acme' });
  await esteira.idle();
  expect(runs).toBe(2);
  expect(bench.types('job.completed')).toHaveLength(2);
  const { admin } = esteira.backend.broker;
  const ranges = await admin.offsetRanges(names.telemetry(bench.app.name));
  expect(ranges.map(({ high }) => high)).toEqual(ranges.map(() => 0n));
});

test('in production telemetry cannot be left out', async () => {
  const app = defineApp({ name: 'told', events: [], jobs: [], tenants: knownTenants([]) });
  const { backend, stop } = await start(app, { environment: { LOG_LEVEL: 'silent' } });
  const starting = start(app, {
    backend,
    telemetry: false,
    environment: {
      ...{ LOG_LEVEL: 'silent', NODE_ENV: 'production', KAFKA_BROKERS: '127.0.0.1:1' },
      ...{ SCHEMA_REGISTRY_URL: 'http://127.0.0.1:1', REDIS_URL: 'redis://127.0.0.1:1' },
    },
  });
  await expect(starting).rejects.toMatchObject({ code: 'ESTEIRA_CONFIG_INVALID' });
  await stop();
});

// After a crash nobody would have known that the completion was to be followed.
test('nor where a job type follows another', async () => {
  const settle = onInvoice();
  const bench = openBench([settle, onInvoice({ type: 'pack', after: completed(settle), startFrom: 'now' })]);
  await expect(bench.run({ telemetry: false })).rejects.toMatchObject({
    code: 'ESTEIRA_CONFIG_INVALID',
    message: expect.stringContaining('job pack follows others'),
  });
});
