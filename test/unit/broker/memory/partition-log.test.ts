import { describe, expect, it } from 'vitest';
import { PackedRecord } from '../../../../src/broker/memory/packed-record.ts';
import { PartitionLog } from '../../../../src/broker/memory/partition-log.ts';

const packed = (text: string): PackedRecord => {
  return new PackedRecord({ key: null, value: Buffer.from(text), headers: [] });
};

const logOf = (count: number): PartitionLog => {
  const log = new PartitionLog('orders', 3);
  for (let n = 0; n < count; n += 1) log.append(packed(String(n)), 1_000 + n);
  return log;
};

const offsetsOf = (
  log: PartitionLog,
  from: number,
  to = log.high,
  maxRecords = 100,
  maxBytes = 1_000_000,
) => {
  const { records, next } = log.read(from, to, maxRecords, maxBytes);
  return { offsets: records.map(({ offset }) => Number(offset)), next };
};

describe('a memory log', () => {
  it('reads at most as many records as asked for, and says where to go on', () => {
    expect(offsetsOf(logOf(10), 2, 10, 3)).toEqual({ offsets: [2, 3, 4], next: 5 });
    expect(offsetsOf(logOf(10), 8, 10, 3)).toEqual({ offsets: [8, 9], next: 10 });
  });

  it('reads at most as many bytes as asked for, but always one record', () => {
    const log = new PartitionLog('orders', 0);
    for (const size of [500, 500, 500, 5_000]) log.append(packed('x'.repeat(size)), 0);
    expect(offsetsOf(log, 0, 4, 100, 1_300)).toEqual({ offsets: [0, 1], next: 2 });
    expect(offsetsOf(log, 3, 4, 100, 1_300)).toEqual({ offsets: [3], next: 4 });
  });

  it('steps over offsets without a record', () => {
    const log = logOf(2);
    log.skip(3);
    log.append(packed('after the gap'), 9_999);
    expect(offsetsOf(log, 0)).toEqual({ offsets: [0, 1, 5], next: 6 });
    expect(offsetsOf(log, 2, 5)).toEqual({ offsets: [], next: 5 });
    expect(log.offsetAt(5_000)).toBe(5);
  });

  it('keeps the offsets of what is left after a deletion', () => {
    const log = logOf(10);
    log.deleteBefore(4);
    expect([log.low, log.high]).toEqual([4, 10]);
    expect(offsetsOf(log, 0).offsets).toEqual([4, 5, 6, 7, 8, 9]);
    expect(log.append(packed('next'), 0).offset).toBe(10n);
    log.deleteBefore(2);
    expect(log.low).toBe(4);
    log.deleteBefore(99);
    expect([log.low, log.high]).toEqual([11, 11]);
  });

  it('cannot be changed through what it gave out', () => {
    const log = logOf(1);
    const [first] = log.read(0, 1, 1, 1).records;
    first?.value?.fill('!');
    expect(String(log.read(0, 1, 1, 1).records[0]?.value)).toBe('0');
  });
});

describe('a packed record', () => {
  it('counts key, value, header names in bytes, and their frames', () => {
    const headers = [['ção', Buffer.alloc(10)] as const, ['none', null] as const];
    const record = new PackedRecord({ key: Buffer.alloc(7), value: Buffer.alloc(100), headers });
    const content = 7 + 100 + 5 + 10 + 4;
    expect(record.wireBytes).toBeGreaterThan(content + 61);
    expect(record.wireBytes).toBeLessThan(content + 120);
  });
});
