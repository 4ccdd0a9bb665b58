import { describe, expect, it } from 'vitest';
import { partitionForKey } from '../../../src/core/murmur2.ts';
import { type HeaderEntry, movedTo } from '../../../src/core/record.ts';
import { type BrokerBench, numbers, recordOf } from './bench.ts';

const BYTES = Buffer.from([0x00, 0xff, 0x80, 0x0a, 0xc3, 0x28]);

/** Where records go, when they count as written, and that they are the same bytes. */
export const describeProducing = (bench: BrokerBench): void => {
  describe('a record sent', () => {
    it('is acknowledged with the position it can be read at', async () => {
      const topic = await bench.topic(2);
      const producer = await bench.producer();
      await producer.send(recordOf(topic, { partition: 1, text: 'before' }));
      const position = await producer.send(recordOf(topic, { partition: 1, text: 'this one' }));
      expect(position).toEqual({ topic, partition: 1, offset: 1n });
      expect(String((await bench.recordAt(position)).value)).toBe('this one');
    });

    it('stands behind all records its producer was given before for the partition', async () => {
      const topic = await bench.topic(2);
      const producer = await bench.producer();
      const acks = numbers(0, 600).map((n) => {
        return producer.send(recordOf(topic, { partition: n % 2, text: String(n) }));
      });
      const offsets = (await Promise.all(acks)).map(({ offset }) => offset);
      expect(offsets).toEqual(numbers(0, 600).map((n) => BigInt(Math.floor(n / 2))));
      const odd = (await bench.log(topic, 1)).map((record) => Number(record.value));
      expect(odd).toEqual(numbers(0, 300).map((n) => 2 * n + 1));
    });

    it('goes to the partition murmur2 gives its key', async () => {
      const topic = await bench.topic(5);
      const producer = await bench.producer();
      const keys = [
        'acme',
        'condomínio-são-joão',
        '日本',
        '',
        '',
        '',
        ...numbers(0, 40).map((n) => `tenant-${n}`),
      ];
      for (const text of keys) {
        const key = Buffer.from(text);
        const { partition } = await producer.send(recordOf(topic, { key, text }));
        expect(partition, `of the key "${text}"`).toBe(partitionForKey(key, 5));
      }
    });

    it('goes to the partition it names, whatever its keys', async () => {
      const topic = await bench.topic(4);
      const producer = await bench.producer();
      for (const partition of numbers(0, 4)) {
        const position = await producer.send(
          recordOf(topic, { partition, key: Buffer.from('acme'), partitionKey: Buffer.from('order') }),
        );
        expect(position.partition).toBe(partition);
      }
    });

    it('goes to the partition of its partition key, which is not written', async () => {
      const topic = await bench.topic(5);
      const producer = await bench.producer();
      for (const n of numbers(0, 20)) {
        const partitionKey = Buffer.from(`order-${n}`);
        const key = n % 2 === 0 ? Buffer.from('acme') : null;
        const position = await producer.send(recordOf(topic, { key, partitionKey }));
        expect(position.partition).toBe(partitionForKey(partitionKey, 5));
        expect(await bench.recordAt(position)).toMatchObject({ key, headers: [] });
      }
    });

    it('is written once when it has neither key nor partition', async () => {
      const topic = await bench.topic(3);
      const producer = await bench.producer();
      await Promise.all(numbers(0, 60).map((n) => producer.send(recordOf(topic, { text: String(n) }))));
      const logs = await Promise.all(numbers(0, 3).map((partition) => bench.log(topic, partition)));
      const found = logs.flat().map((record) => Number(record.value));
      expect(found.sort((a, b) => a - b)).toEqual(numbers(0, 60));
    });

    it('is what it was at the call, whatever the caller does to its buffers afterwards', async () => {
      const topic = await bench.topic();
      const producer = await bench.producer();
      const key = Buffer.from('key');
      const value = Buffer.from('value');
      const header = Buffer.from('header');
      const ack = producer.send(recordOf(topic, { key, value, headers: [['name', header]] }));
      for (const buffer of [key, value, header]) buffer.fill('x');
      const record = await bench.recordAt(await ack);
      expect([record.key, record.value, record.headers[0]?.[1]].map(String)).toEqual([
        'key',
        'value',
        'header',
      ]);
    });
  });

  describe('the bytes of a record', () => {
    const roundTrip = async (fields: Parameters<typeof recordOf>[1]) => {
      const topic = await bench.topic();
      const producer = await bench.producer();
      const sent = recordOf(topic, fields);
      const { key, value, headers } = await bench.recordAt(await producer.send(sent));
      expect({ key, value, headers }).toEqual({ key: sent.key, value: sent.value, headers: sent.headers });
    };

    it('come back as they were sent', () =>
      roundTrip({ key: BYTES, value: Buffer.concat([BYTES, BYTES]), headers: [['blob', BYTES]] }));

    it('may be none: a null key and a null value stay null', () => roundTrip({ key: null, value: null }));

    it('may be empty, which is not null', () =>
      roundTrip({ key: Buffer.alloc(0), value: Buffer.alloc(0), headers: [['empty', Buffer.alloc(0)]] }));

    it('keep headers whose value is null', () =>
      roundTrip({
        value: BYTES,
        headers: [
          ['nothing', null],
          ['something', BYTES],
        ],
      }));

    it('keep repeated headers, each with its value, in order', () =>
      roundTrip({
        headers: [
          ['seen-by', Buffer.from('a')],
          ['seen-by', Buffer.from('b')],
          ['seen-by', BYTES],
        ],
      }));

    it('keep the order of headers on the wire, also where names repeat or look like numbers', () => {
      const names = ['z', 'a', '10', 'a', 'conceição', '2', 'z', '__proto__', 'constructor'];
      const headers = names.map((name, n): HeaderEntry => [name, Buffer.from(String(n))]);
      return roundTrip({ headers });
    });

    it('come to a group exactly as to a reader', async () => {
      const topic = await bench.topic();
      const groupId = await bench.groupAtStart(topic);
      const producer = await bench.producer();
      const headers: readonly HeaderEntry[] = [
        ['b', BYTES],
        ['a', null],
        ['b', Buffer.alloc(0)],
      ];
      const sent = recordOf(topic, { key: BYTES, value: BYTES, headers, timestampMs: Date.now() - 1234 });
      const position = await producer.send(sent);
      const member = await bench.member(groupId, [topic]);
      const [record] = await member.receives(1);
      if (record === undefined) throw new Error('received nothing');
      const { key, value, timestampMs } = sent;
      expect(movedTo(record.topic, record)).toEqual({ ...position, key, value, headers, timestampMs });
    });
  });

  describe('the time of a record', () => {
    it('is the one its producer gave', async () => {
      const topic = await bench.topic();
      const producer = await bench.producer();
      const timestampMs = Date.now() - 3_600_123;
      const position = await producer.send(recordOf(topic, { timestampMs }));
      expect((await bench.recordAt(position)).timestampMs).toBe(timestampMs);
    });

    it('is the time of sending when its producer gave none', async () => {
      const topic = await bench.topic();
      const producer = await bench.producer();
      const before = Date.now();
      const { timestampMs } = await bench.recordAt(await producer.send(recordOf(topic)));
      expect(timestampMs).toBeGreaterThanOrEqual(before);
      expect(timestampMs).toBeLessThanOrEqual(Date.now());
    });

    it("is the broker's on a LogAppendTime topic, whatever its producer says", async () => {
      const topic = await bench.topic(1, { 'message.timestamp.type': 'LogAppendTime' });
      const producer = await bench.producer();
      const before = Date.now();
      const position = await producer.send(recordOf(topic, { timestampMs: before - 3_600_000 }));
      const { timestampMs } = await bench.recordAt(position);
      expect(timestampMs).toBeGreaterThanOrEqual(before);
      expect(timestampMs).toBeLessThanOrEqual(Date.now());
    });
  });
};
