import { describe, expect, it } from 'vitest';
import { isEsteiraError } from '../../../src/core/errors.ts';
import type { RecordPosition } from '../../../src/core/record.ts';
import { waitFor } from '../../support/wait.ts';
import { type BrokerBench, numbers, recordOf } from './bench.ts';
import { itWith } from './fixture.ts';

const codeOf = (outcome: PromiseSettledResult<unknown>): string =>
  outcome.status === 'rejected' && isEsteiraError(outcome.reason) ? outcome.reason.code : outcome.status;

const textsOf = async (bench: BrokerBench, topic: string): Promise<readonly string[]> =>
  (await bench.log(topic)).map((record) => String(record.value));

/** Bounds of a producer: deadlines, room, size, and its end. */
export const describeRefusing = (bench: BrokerBench): void => {
  const { holdAcks } = bench.fixture.features;

  describe('a deadline', () => {
    it('changes nothing for a record acknowledged in time', async () => {
      const topic = await bench.topic();
      const producer = await bench.producer();
      const position = await producer.send(recordOf(topic), { deadlineMs: 20_000 });
      expect(position.offset).toBe(0n);
    });

    itWith(holdAcks, 'ends the wait as unknown, and the record may well be written', async (acks) => {
      const topic = await bench.topic();
      const producer = await bench.producer();
      await producer.send(recordOf(topic, { text: 'first' }));
      await acks.hold(topic);
      const late = producer.send(recordOf(topic, { text: 'late' }), { deadlineMs: 300 });
      await expect(late).rejects.toMatchObject({ code: 'ESTEIRA_PUBLISH_UNKNOWN', retryable: true });
      await acks.release();
      const written = async () => (await textsOf(bench, topic)).includes('late');
      await waitFor('the late record', written, { timeoutMs: 30_000 });
      const after = await producer.send(recordOf(topic, { text: 'after' }));
      expect(after.offset > 1n).toBe(true);
    });

    itWith(holdAcks, 'is what one waits without: the acknowledgement comes when it comes', async (acks) => {
      const topic = await bench.topic();
      const producer = await bench.producer();
      await acks.hold(topic);
      let acknowledged = false;
      const waiting = producer.send(recordOf(topic)).then(() => {
        acknowledged = true;
      });
      const overdue = producer.send(recordOf(topic), { deadlineMs: 200 });
      await expect(overdue).rejects.toMatchObject({ code: 'ESTEIRA_PUBLISH_UNKNOWN' });
      expect(acknowledged).toBe(false);
      await acks.release();
      await waiting;
    });
  });

  describe('a full buffer', () => {
    const roomFor = (records: number): number => records * 1_200;
    const text = (n: number): string => `${n}:`.padEnd(1_000, '.');

    it('refuses at once, without a deadline, and writes nothing of what it refused', async () => {
      const topic = await bench.topic();
      const producer = await bench.producer({ maxBufferedBytes: roomFor(4) });
      const outcomes = await Promise.allSettled(
        numbers(0, 10).map((n) => producer.send(recordOf(topic, { text: text(n) }))),
      );
      const codes = outcomes.map(codeOf);
      expect(codes.slice(0, 3)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
      expect(codes.slice(5)).toEqual(Array(5).fill('ESTEIRA_BUFFER_FULL'));
      const accepted = numbers(0, 10).filter((n) => codes[n] === 'fulfilled');
      expect(await textsOf(bench, topic)).toEqual(accepted.map(text));
    });

    it('has room again after acknowledgements', async () => {
      const topic = await bench.topic();
      const producer = await bench.producer({ maxBufferedBytes: roomFor(2) });
      for (const n of numbers(0, 20)) await producer.send(recordOf(topic, { text: text(n) }));
      expect(await bench.log(topic)).toHaveLength(20);
    });

    it('lets those with a deadline wait for room, in the order of their calls', async () => {
      const topic = await bench.topic();
      const producer = await bench.producer({ maxBufferedBytes: roomFor(2) });
      const all = numbers(0, 30).map((n) => {
        return producer.send(recordOf(topic, { text: text(n) }), { deadlineMs: 30_000 });
      });
      const offsets = (await Promise.all(all)).map((position: RecordPosition) => position.offset);
      expect(offsets).toEqual(numbers(0, 30).map(BigInt));
      expect(await textsOf(bench, topic)).toEqual(numbers(0, 30).map(text));
    });

    it('lets no small record overtake a large one that waits for room', async () => {
      const topic = await bench.topic();
      const producer = await bench.producer({ maxBufferedBytes: roomFor(4) });
      const sized = (bytes: number) => {
        return producer.send(recordOf(topic, { value: Buffer.alloc(bytes) }), { deadlineMs: 30_000 });
      };
      await Promise.all([1_000, 1_001, 1_002, 3_000, 10].map(sized));
      const sizes = (await bench.log(topic)).map((record) => record.value?.length);
      expect(sizes).toEqual([1_000, 1_001, 1_002, 3_000, 10]);
    });

    itWith(holdAcks, 'refuses at the deadline when no room came, and writes nothing', async (acks) => {
      const topic = await bench.topic();
      const producer = await bench.producer({ maxBufferedBytes: roomFor(1) });
      await acks.hold(topic);
      const first = producer.send(recordOf(topic, { text: text(1) }));
      const second = producer.send(recordOf(topic, { text: text(2) }), { deadlineMs: 200 });
      await expect(second).rejects.toMatchObject({ code: 'ESTEIRA_BUFFER_FULL', retryable: true });
      await acks.release();
      await first;
      await producer.send(recordOf(topic, { text: text(3) }), { deadlineMs: 30_000 });
      expect(await textsOf(bench, topic)).not.toContain(text(2));
    });
  });

  describe('a record that cannot be written', () => {
    it('is refused when the topic does not take its size, and its neighbours are written', async () => {
      const topic = await bench.topic(1, { 'max.message.bytes': '20000' });
      const producer = await bench.producer();
      const sizes = [100, 60_000, 100, 100];
      const outcomes = await Promise.allSettled(
        sizes.map((size) => producer.send(recordOf(topic, { value: Buffer.alloc(size, 1) }))),
      );
      expect(outcomes.map(codeOf)).toEqual([
        'fulfilled',
        'ESTEIRA_RECORD_TOO_LARGE',
        'fulfilled',
        'fulfilled',
      ]);
      expect((await bench.log(topic)).map((record) => record.value?.length)).toEqual([100, 100, 100]);
    });

    it('is refused for a topic that does not exist, and the topic is not made by asking', async () => {
      const topic = bench.freshName();
      const producer = await bench.producer();
      await expect(producer.send(recordOf(topic))).rejects.toMatchObject({ code: 'ESTEIRA_TOPICS_DIFFER' });
      expect((await bench.broker.admin.describeTopics([topic])).get(topic)).toBeUndefined();
    });

    it('is refused for a partition that does not exist', async () => {
      const topic = await bench.topic(2);
      const producer = await bench.producer();
      const beyond = producer.send(recordOf(topic, { partition: 2 }));
      await expect(beyond).rejects.toMatchObject({ code: 'ESTEIRA_TOPICS_DIFFER' });
    });
  });

  describe('flush', () => {
    it('resolves when all that was handed over before is acknowledged or has failed', async () => {
      const topic = await bench.topic(3, { 'max.message.bytes': '20000' });
      const producer = await bench.producer({ lingerMs: 20 });
      const codes: string[] = [];
      for (const n of numbers(0, 300)) {
        const value = Buffer.alloc(n === 150 ? 60_000 : 10);
        const call = producer.send(recordOf(topic, { partition: n % 3, value }));
        void Promise.allSettled([call]).then(([outcome]) => codes.push(codeOf(outcome)));
      }
      await producer.flush();
      expect(codes).toHaveLength(300);
      expect(codes.filter((code) => code !== 'fulfilled')).toEqual(['ESTEIRA_RECORD_TOO_LARGE']);
    });

    itWith(holdAcks, 'waits for acknowledgements, and not for calls that have failed', async (acks) => {
      const topic = await bench.topic();
      const producer = await bench.producer();
      await acks.hold(topic);
      const unanswered = producer.send(recordOf(topic));
      const overdue = producer.send(recordOf(topic), { deadlineMs: 200 });
      let flushed = false;
      const flush = producer.flush().then(() => {
        flushed = true;
      });
      await expect(overdue).rejects.toMatchObject({ code: 'ESTEIRA_PUBLISH_UNKNOWN' });
      await bench.log(topic);
      expect(flushed).toBe(false);
      await acks.release();
      await unanswered;
      await flush;
    });

    it('has nothing to wait for when nothing was sent', async () => {
      const producer = await bench.producer();
      await expect(producer.flush()).resolves.toBeUndefined();
    });
  });

  describe('closing a producer', () => {
    it('writes what was handed over before', async () => {
      const topic = await bench.topic();
      const producer = await bench.producer({ lingerMs: 50 });
      const acks = numbers(0, 200).map((n) => producer.send(recordOf(topic, { text: String(n) })));
      await producer.close();
      await Promise.all(acks);
      expect(await bench.log(topic)).toHaveLength(200);
    });

    it('refuses what comes after, also when it is closed twice', async () => {
      const topic = await bench.topic();
      const producer = await bench.producer();
      await producer.close();
      await producer.close();
      await expect(producer.send(recordOf(topic))).rejects.toMatchObject({ code: 'ESTEIRA_CLOSED' });
    });

    itWith(holdAcks, 'ends in time, and fails what is left as unknown', async (acks) => {
      const topic = await bench.topic();
      const producer = await bench.producer();
      await acks.hold(topic);
      const left = producer.send(recordOf(topic));
      const failed = expect(left).rejects.toMatchObject({ code: 'ESTEIRA_PUBLISH_UNKNOWN' });
      await producer.close(200);
      await failed;
      await acks.release();
    });
  });
};
