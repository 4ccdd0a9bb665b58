import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type JobEvent, start } from '../../src/index.ts';
import { ROOT } from '../support/source-files.ts';
import { openLake } from '../unit/telemetry/emitters/lake.ts';

const environment = { LOG_LEVEL: 'silent', WORKER_SHUTDOWN_GRACE_SECONDS: '1' };
const text = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

test.each([
  ['docs/guides/business-metrics.md', 'test/support/listings-app.ts'],
  ['docs/guides/telemetry-emitters.md', 'test/support/lake-app.ts'],
])('the code of %s is the program that runs here', (guide, file) => {
  const [, code = ''] = /```ts app\.ts\n(.*?)```/s.exec(text(guide)) ?? [];
  expect(code).toBe(text(file).replace("'../../src/index.ts'", "'esteira'"));
});

test('the listings tell what the guide shows of them', async () => {
  const { default: app, validateListings } = await import('../support/listings-app.ts');
  const completed: JobEvent[] = [];
  const esteira = await start(app, { environment });
  esteira.on('completed', (event) => completed.push(event));
  const rows = [
    { sku: 'a', price: 10, title: 'shoe' },
    { sku: 'b', price: 0, title: 'boot' },
    { sku: '', price: -1, title: 'sock' },
    { sku: 'd', price: 1, title: '' },
  ];
  const place = { marketplace: 'meli', category: 'shoes', region: 'br-sp' };
  await esteira.dispatch(validateListings, { ...place, rows }, { tenant: 'acme' });
  await esteira.idle();
  await esteira.stop();
  const [event = expect.fail()] = completed;
  const [, shown = ''] = /```json\n(.*?)```/s.exec(text('docs/guides/business-metrics.md')) ?? [];
  const { dimensions, metrics, ...cost } = JSON.parse(shown);
  expect(event.dimensions).toEqual(dimensions);
  const { processing_time_ms, latency_ms, ...exact } = metrics;
  expect(event.metrics).toMatchObject(exact);
  expect(Object.keys(event.metrics).toSorted()).toEqual(Object.keys(metrics).toSorted());
  expect(event.costCurrency).toBe(cost.costCurrency);
  // Its milliseconds cost too little to count here.
  expect(Math.floor((event.costMicros ?? 0) / 1_000)).toBe(Math.floor(cost.costMicros / 1_000));
});

test('the lake of the guide gets the events it asked for', async () => {
  const { requests, url } = await openLake();
  process.env['LAKE_URL'] = url;
  process.env['LAKE_TOKEN'] = 'token-of-the-test';
  const { default: app, greet } = await import('../support/lake-app.ts');
  const esteira = await start(app, { environment });
  await esteira.dispatch(greet, { name: 'Ana' }, { tenant: 'acme' });
  await esteira.idle();
  await esteira.stop();
  const events: readonly JobEvent[] = requests.flatMap(({ body }) => JSON.parse(body));
  expect(events).toMatchObject([{ type: 'job.completed', metrics: { letters: 3 } }]);
  expect(requests[0]?.headers).toMatchObject({ authorization: 'Bearer token-of-the-test' });
});
