import { describe, expect, it, onTestFinished } from 'vitest';
import { createMemoryBroker, MemoryCluster, memoryFaults } from '../../../src/broker/memory/index.ts';
import { JobEvent } from '../../../src/core/generated/job-event.ts';
import { JOB_EVENT_TYPES } from '../../../src/core/job-event.ts';
import type { ConsumedRecord } from '../../../src/core/record.ts';
import { createMemorySource, createSerde } from '../../../src/serde/index.ts';
import { createJobTelemetry } from '../../../src/telemetry/job-telemetry.ts';
import { jobEvent } from '../../support/job-events.ts';
import { recordingLog } from '../../support/recording-log.ts';
import { waitFor } from '../../support/wait.ts';

const TOPIC = 'shop.telemetry.jobs';

/** The real codec and a real broker port: what a reader of the topic finds. */
const bundle = async (maxBufferedBytes?: number) => {
  const cluster = new MemoryCluster();
  const broker = createMemoryBroker({ cluster });
  onTestFinished(() => broker.close());
  await broker.admin.createTopics([{ topic: TOPIC, partitions: 1, replicationFactor: 1, config: {} }]);
  const producer = await broker.createProducer(maxBufferedBytes === undefined ? {} : { maxBufferedBytes });
  const serde = createSerde({ source: createMemorySource([JobEvent]) });
  const log = recordingLog();
  const telemetry = await createJobTelemetry({ producer, serde, topic: TOPIC, log });
  const tell = (event: JobEvent) => telemetry.append(telemetry.encode(event));
  const read = async (): Promise<{ events: JobEvent[]; records: ConsumedRecord[] }> => {
    const records: ConsumedRecord[] = [];
    const [range] = await broker.admin.offsetRanges(TOPIC);
    if (range === undefined) return { events: [], records };
    await broker.admin.read(
      { ...range, from: range.low, to: range.high },
      (record) => records.push(record) > 0,
    );
    const decoded = await Promise.all(records.map(({ value }) => serde.decode(JobEvent, value)));
    return { records, events: decoded.map((one) => (one.ok ? one.value : expect.fail(one.detail))) };
  };
  return { faults: memoryFaults(cluster), telemetry, tell, read, log };
};

describe('the telemetry topic', () => {
  it('holds every event whole, under the tenant, with the content type as only header', async () => {
    const { tell, read } = await bundle();
    const full = {
      dimensions: { marketplace: 'm1' },
      metrics: { rows: 3.5 },
      fence: 1_790_000_000_000_001,
      dueAt: 7,
    };
    const told = JOB_EVENT_TYPES.map((type) => jobEvent(type, full));
    await Promise.all(told.map(tell));
    const { events, records } = await read();
    expect(events).toEqual(told);
    for (const { key, headers } of records) {
      expect(String(key)).toBe('acme');
      expect(headers.map(([name, value]) => [name, String(value)])).toEqual([
        ['content-type', 'application/avro'],
      ]);
    }
  });

  it('gets every event once the broker answers again', async () => {
    const { faults, tell, read, log } = await bundle();
    faults.failSends(TOPIC, 'ESTEIRA_BROKER_UNAVAILABLE');
    const told = ['a', 'b', 'c'].map((eventId) => jobEvent('job.started', { eventId }));
    const appended = Promise.all(told.map(tell));
    await waitFor('the outage to be told', () => log.messages('warn').length > 0);
    expect((await read()).events).toEqual([]);
    faults.healSends(TOPIC);
    await appended;
    expect((await read()).events.map(({ eventId }) => eventId)).toEqual(['a', 'b', 'c']);
  });

  it('gets more events than the buffer holds, without failing one', async () => {
    const { tell, read } = await bundle(4_096);
    const told = Array.from({ length: 200 }, (_, n) => jobEvent('job.completed', { eventId: `event-${n}` }));
    await Promise.all(told.map(tell));
    const ids = (await read()).events.map(({ eventId }) => eventId);
    expect(new Set(ids)).toEqual(new Set(told.map(({ eventId }) => eventId)));
  });
});
