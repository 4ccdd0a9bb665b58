import { expect, it } from 'vitest';
import { createMemoryBroker } from '../../../src/broker/memory/index.ts';
import { loadConfig } from '../../../src/config/index.ts';
import { requireKafka } from '../../../src/runtime/reach-kafka.ts';

const KAFKA = { KAFKA_BROKERS: 'one:9092,two:9092', SCHEMA_REGISTRY_URL: 'http://r', REDIS_URL: 'redis://c' };

it('a Kafka that does not answer is told with where it was looked for and how to start it', async () => {
  const broker = createMemoryBroker();
  await requireKafka(loadConfig(KAFKA), broker.admin);
  await broker.close();
  await expect(requireKafka(loadConfig(KAFKA), broker.admin)).rejects.toMatchObject({
    code: 'ESTEIRA_SERVICE_UNREACHABLE',
    message: expect.stringMatching(/one:9092, two:9092.*npm run stack/),
  });
});

it('in memory nothing is asked', async () => {
  const broker = createMemoryBroker();
  await broker.close();
  await expect(requireKafka(loadConfig({}), broker.admin)).resolves.toBeUndefined();
});
