import { expect, it } from 'vitest';
import { partitionForKey } from '../../../../src/core/murmur2.ts';
import type { OutgoingRecord } from '../../../../src/core/record.ts';
import { bench, TOPIC } from './producer-bench.ts';

const PARTITIONS = 50;

const posted = (): OutgoingRecord => ({
  topic: TOPIC,
  partitionKey: Buffer.from('tenant-1'),
  key: Buffer.from('key'),
  value: Buffer.from('value'),
  headers: [['header', Buffer.from('bytes')]],
});

const spoil = ({ partitionKey, key, value, headers }: OutgoingRecord): void => {
  for (const bytes of [partitionKey, key, value, headers[0]?.[1]]) bytes?.fill('x');
};

const partitions = async (): Promise<readonly number[]> =>
  Array.from({ length: PARTITIONS }, (_, partition) => partition);
const HOME = partitionForKey(Buffer.from('tenant-1'), PARTITIONS);

it('buffers are the caller’s again after the call, also while the partitions are not known', async () => {
  const { transport, producer } = bench();
  transport.partitionCounts = partitions;
  const record = posted();
  const sent = producer.send(record);
  spoil(record);
  expect((await sent).partition).toBe(HOME);
  expect(transport.texts(TOPIC, HOME)).toEqual(['value']);
});

it('buffers are the caller’s again after the call, also of what waits for room', async () => {
  const { transport, producer } = bench({ maxBufferedBytes: 40 });
  transport.partitionCounts = partitions;
  const first = producer.send(posted());
  const record = posted();
  const second = producer.send(record, { deadlineMs: 60_000 });
  spoil(record);
  await first;
  expect((await second).partition).toBe(HOME);
  expect(transport.texts(TOPIC, HOME)).toEqual(['value', 'value']);
});
