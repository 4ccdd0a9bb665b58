import type { Batch } from 'kafkajs';
import { describe, expect, test } from 'vitest';
import { readBatch } from '../../../../src/broker/kafka/consumed-record.ts';

const batchOf = (offsets: readonly string[], highWatermark: string, lastOffset: string): Batch => ({
  topic: 'events',
  partition: 0,
  highWatermark,
  messages: offsets.map((offset) => ({
    offset,
    key: Buffer.from('acme'),
    value: null,
    timestamp: '1764000000000',
    attributes: 0,
    headers: {},
  })),
  isEmpty: () => offsets.length === 0,
  firstOffset: () => offsets[0] ?? null,
  lastOffset: () => lastOffset,
  offsetLag: () => '0',
  offsetLagLow: () => '0',
});

describe('a batch as it is read', () => {
  test('tells the end of the partition as the broker told it', () => {
    expect(readBatch(batchOf(['4', '5'], '9', '5'))).toMatchObject({
      first: 4n,
      next: 6n,
      highWatermark: 9n,
    });
  });

  // A broker looks up the mark before it reads: records written in between came with a mark below their offsets.
  test('never tells an end below the records it brings', () => {
    expect(readBatch(batchOf(['4', '5'], '5', '5'))).toMatchObject({ next: 6n, highWatermark: 6n });
  });

  test('of control records only is no batch', () => {
    expect(readBatch(batchOf([], '9', '8'))).toBeUndefined();
  });
});
