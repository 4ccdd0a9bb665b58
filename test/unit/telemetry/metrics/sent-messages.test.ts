import { expect, it } from 'vitest';
import { createMemoryBroker } from '../../../../src/broker/memory/index.ts';
import { createMetricsRegistry } from '../../../../src/telemetry/metrics/registry.ts';
import { countSent } from '../../../../src/telemetry/metrics/sent-messages.ts';
import { readScrape } from '../../../support/metered-app.ts';

const spec = (topic: string) => ({ topic, partitions: 1, replicationFactor: 1, config: {} });

it('counts what is sent and posted by topic, and strange targets together', async () => {
  const registry = createMetricsRegistry();
  const broker = createMemoryBroker();
  await broker.admin.createTopics([spec('a'), spec('a.job.x'), spec('a.job.y')]);
  const producer = countSent(registry.families, await broker.createProducer(), ['a']);
  const record = (topic: string) => ({ topic, key: null, value: null, headers: [] });
  await producer.send(record('a'));
  producer.post(record('a'), () => undefined);
  for (const topic of ['a.job.x', 'a.job.y']) await producer.send(record(topic));
  await producer.flush();
  const { value, series } = readScrape(await registry.text());
  const of = (topic: string) =>
    value('messaging_client_sent_messages_total', { messaging_destination_name: topic });
  expect([of('a'), of('other')]).toEqual([2, 2]);
  expect(series).toHaveLength(2);
  await producer.close();
  await broker.close();
});
