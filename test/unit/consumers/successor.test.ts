import { expect, test } from 'vitest';
import { createMemoryBroker } from '../../../src/broker/memory/index.ts';
import type { Delivery } from '../../../src/consumers/delivery.ts';
import { SuccessorWriter } from '../../../src/consumers/successor.ts';
import { silentLog } from '../../../src/core/ports/log.ts';
import { defineApp, knownTenants } from '../../../src/index.ts';
import { createMemorySource } from '../../../src/serde/memory-source.ts';
import { createSerde } from '../../../src/serde/serde.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { waitFor } from '../../support/wait.ts';

const job = { id: 'j-1', type: 'settle', attempt: 1, starts: 1, hop: 0, replayCount: 0 };
const delivery: Delivery = {
  record: {
    ...{ topic: 'in', partition: 0, offset: 7n, timestampMs: 0, headers: [] },
    ...{ key: Buffer.from('acme'), value: Buffer.alloc(500) },
  },
  ...{ envelope: {}, job, position: 'in/0/7', origin: 'in/0/7', tenant: 'acme', correlationId: 'c' },
  ...{ claim: { jobType: 'settle', tenant: 'acme', idempotencyKey: 'j-1' }, priority: 5 },
  ...{ payload: undefined, notBeforeMs: undefined, order: undefined, deadOnArrival: undefined },
};

// A type stayed suspended until its process ended, also when the topic had long been made larger.
test('a successor too large for its topic is tried again every 30 s, and told once it fits', async () => {
  const clock = manualClock();
  const broker = createMemoryBroker({ clock });
  await broker.admin.createTopics([
    { topic: 'out', partitions: 1, replicationFactor: 1, config: { 'max.message.bytes': '100' } },
  ]);
  const told: string[] = [];
  const writer = new SuccessorWriter({
    app: defineApp({ name: 'a', events: [], jobs: [], tenants: knownTenants([]) }),
    identity: { service: 's', host: 'h' },
    producer: await broker.createProducer(),
    serde: createSerde({ source: createMemorySource() }),
    ...{ clock, log: silentLog, stopped: new AbortController().signal },
    onTooLarge: ({ position }) => told.push(`too large ${position}`),
    onFits: ({ position }) => told.push(`fits ${position}`),
  });
  const decision = { kind: 'retry' as const, topic: 'out', next: { ...job, hop: 1 }, atMs: 0, events: [] };
  const written = writer.write(delivery, decision);
  await waitFor('the first refusal', () => clock.nextInMs() === 30_000);
  clock.advance(30_000);
  await waitFor('the second refusal', () => told.length === 2 && clock.nextInMs() === 30_000);
  await broker.admin.alterTopicConfig('out', { 'max.message.bytes': '10000' });
  clock.advance(30_000);
  await written;
  expect(told).toEqual(['too large in/0/7', 'too large in/0/7', 'fits in/0/7']);
  await broker.close();
});
