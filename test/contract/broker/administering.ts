import { describe, expect, it } from 'vitest';
import type { CommittedOffset } from '../../../src/core/ports/broker.ts';
import type { ConsumedRecord } from '../../../src/core/record.ts';
import { type BrokerBench, numbers, recordOf } from './bench.ts';
import { itWith } from './fixture.ts';

const at = (topic: string, partition: number, offset: bigint, metadata = ''): CommittedOffset => {
  return { topic, partition, offset, metadata };
};

/** Topics, offsets and reading without a group. */
export const describeAdministering = (bench: BrokerBench): void => {
  const { replicationFactor, features } = bench.fixture;
  const spec = (topic: string, partitions: number, config: Readonly<Record<string, string>> = {}) => {
    return { topic, partitions, replicationFactor, config };
  };

  describe('topics', () => {
    it('are described as they were made', async () => {
      const topic = bench.freshName();
      const made = spec(topic, 3, { 'retention.ms': '7200000', 'message.timestamp.type': 'LogAppendTime' });
      await bench.broker.admin.createTopics([made]);
      expect((await bench.broker.admin.describeTopics([topic])).get(topic)).toEqual(made);
    });

    it('that do not exist are undefined, beside those that do', async () => {
      const topic = await bench.topic(2);
      const nowhere = bench.freshName();
      const found = await bench.broker.admin.describeTopics([nowhere, topic]);
      expect(found.get(nowhere)).toBeUndefined();
      expect(found.get(topic)).toEqual(spec(topic, 2));
      expect((await bench.broker.admin.describeTopics([])).size).toBe(0);
    });

    it('are left as they are when they are made again, and the others are made', async () => {
      const topic = await bench.topic(2, { 'retention.ms': '7200000' });
      const other = bench.freshName();
      await bench.fill(topic, 1, ['still here']);
      await bench.broker.admin.createTopics([spec(topic, 5, { 'retention.ms': '1' }), spec(other, 1)]);
      const found = await bench.broker.admin.describeTopics([topic, other]);
      expect(found.get(topic)).toEqual(spec(topic, 2, { 'retention.ms': '7200000' }));
      expect(found.get(other)).toEqual(spec(other, 1));
      expect(await bench.log(topic, 1)).toHaveLength(1);
    });

    it('cannot have a name that Kafka refuses', async () => {
      const make = bench.broker.admin.createTopics([spec('no spaces, please', 1)]);
      await expect(make).rejects.toMatchObject({ code: 'ESTEIRA_BROKER_REFUSED', retryable: false });
    });

    it('get the keys of a changed configuration and keep their others', async () => {
      const topic = await bench.topic(1, { 'retention.ms': '7200000', 'cleanup.policy': 'compact' });
      await bench.broker.admin.alterTopicConfig(topic, { 'retention.ms': '3600000', 'segment.ms': '60000' });
      const config = { 'retention.ms': '3600000', 'cleanup.policy': 'compact', 'segment.ms': '60000' };
      expect((await bench.broker.admin.describeTopics([topic])).get(topic)?.config).toEqual(config);
    });

    it('that do not exist cannot be looked into or changed', async () => {
      const topic = bench.freshName();
      const { admin } = bench.broker;
      const unknown = { code: 'ESTEIRA_TOPICS_DIFFER' };
      await expect(admin.offsetRanges(topic)).rejects.toMatchObject(unknown);
      await expect(admin.offsetsAt(topic, 0)).rejects.toMatchObject(unknown);
      await expect(admin.alterTopicConfig(topic, { 'retention.ms': '1' })).rejects.toMatchObject(unknown);
      const range = { topic, partition: 0, from: 0n, to: 1n };
      await expect(admin.read(range, () => true)).rejects.toMatchObject(unknown);
      expect((await admin.describeTopics([topic])).get(topic)).toBeUndefined();
    });

    it('are all listed', async () => {
      const topics = [await bench.topic(), await bench.topic()];
      expect(await bench.broker.admin.topicNames()).toEqual(expect.arrayContaining(topics));
    });

    it('get more partitions, keep their records, and groups can start at the new ones', async () => {
      const { admin } = bench.broker;
      const topic = await bench.topic(1);
      await bench.fill(topic, 0, ['still here']);
      expect(await admin.offsetRanges(topic)).toHaveLength(1);
      await admin.growTopic(topic, 3);
      expect((await admin.describeTopics([topic])).get(topic)?.partitions).toBe(3);
      expect(await admin.offsetRanges(topic)).toEqual([
        { topic, partition: 0, low: 0n, high: 1n },
        { topic, partition: 1, low: 0n, high: 0n },
        { topic, partition: 2, low: 0n, high: 0n },
      ]);
      const groupId = bench.freshName();
      await admin.setCommittedOffsets(groupId, [at(topic, 2, 0n)]);
      expect(await admin.committedOffsets(groupId, topic)).toEqual([at(topic, 2, 0n)]);
    });

    it('cannot get fewer partitions', async () => {
      const topic = await bench.topic(3);
      await expect(bench.broker.admin.growTopic(topic, 2)).rejects.toMatchObject({
        code: 'ESTEIRA_BROKER_REFUSED',
      });
    });

    it('are gone once they are deleted, and deleting what is not there is no error', async () => {
      const { admin } = bench.broker;
      const topic = await bench.topic(2);
      await bench.fill(topic, 0, ['goodbye']);
      await admin.deleteTopics([topic, bench.freshName()]);
      expect((await admin.describeTopics([topic])).size).toBe(0);
      expect(await admin.topicNames()).not.toContain(topic);
      await admin.deleteTopics([topic]);
    });

    it('are served by at least one broker', async () => {
      expect(await bench.broker.admin.brokerCount()).toBeGreaterThanOrEqual(replicationFactor);
    });
  });

  describe('offsets', () => {
    it('range from the first to the one after the last, for each partition', async () => {
      const topic = await bench.topic(3);
      await bench.fill(topic, 1, numbers(0, 4));
      expect(await bench.broker.admin.offsetRanges(topic)).toEqual([
        { topic, partition: 0, low: 0n, high: 0n },
        { topic, partition: 1, low: 0n, high: 4n },
        { topic, partition: 2, low: 0n, high: 0n },
      ]);
    });

    itWith(features.deleteRecords, 'range from the first that was not deleted', async (remove) => {
      const topic = await bench.topic();
      await bench.fill(topic, 0, numbers(0, 8));
      await remove({ topic, partition: 0 }, 5n);
      expect(await bench.broker.admin.offsetRanges(topic)).toEqual([
        { topic, partition: 0, low: 5n, high: 8n },
      ]);
    });

    it('of a time are those of the first record at or after it, else the end', async () => {
      const topic = await bench.topic(2);
      const producer = await bench.producer();
      const start = Date.now() - 60_000;
      for (const n of numbers(0, 5)) {
        await producer.send(recordOf(topic, { partition: 0, timestampMs: start + n * 1_000 }));
      }
      const offsetAt = async (timestampMs: number) => {
        const positions = await bench.broker.admin.offsetsAt(topic, timestampMs);
        expect(positions.map(({ partition }) => partition)).toEqual([0, 1]);
        expect(positions[1], 'the end of an empty partition').toEqual({ topic, partition: 1, offset: 0n });
        return positions[0]?.offset;
      };
      expect(await offsetAt(start - 1)).toBe(0n);
      expect(await offsetAt(start + 2_000)).toBe(2n);
      expect(await offsetAt(start + 2_001)).toBe(3n);
      expect(await offsetAt(start + 4_001)).toBe(5n);
    });

    it('of a group that never committed are absent', async () => {
      const topic = await bench.topic(2);
      expect(await bench.broker.admin.committedOffsets(bench.freshName(), topic)).toEqual([]);
    });

    it('of a group can be written, with metadata, back as well as forth', async () => {
      const topic = await bench.topic(3);
      const groupId = bench.freshName();
      const { admin } = bench.broker;
      await admin.setCommittedOffsets(groupId, [at(topic, 0, 7n, 'seven'), at(topic, 2, 1n)]);
      expect(await admin.committedOffsets(groupId, topic)).toEqual([
        at(topic, 0, 7n, 'seven'),
        at(topic, 2, 1n),
      ]);
      await admin.setCommittedOffsets(groupId, [at(topic, 0, 3n, 'back')]);
      expect(await admin.committedOffsets(groupId, topic)).toEqual([
        at(topic, 0, 3n, 'back'),
        at(topic, 2, 1n),
      ]);
    });

    it('of a group are kept apart by topic', async () => {
      const first = await bench.topic();
      const second = await bench.topic();
      const groupId = bench.freshName();
      const { admin } = bench.broker;
      await admin.setCommittedOffsets(groupId, [at(first, 0, 1n), at(second, 0, 2n)]);
      expect(await admin.committedOffsets(groupId, first)).toEqual([at(first, 0, 1n)]);
      expect(await admin.committedOffsets(groupId, second)).toEqual([at(second, 0, 2n)]);
    });

    it('of a group with members cannot be written', async () => {
      const topic = await bench.topic();
      const groupId = await bench.groupAtStart(topic);
      await bench.member(groupId, [topic]);
      const write = bench.broker.admin.setCommittedOffsets(groupId, [at(topic, 0, 9n)]);
      await expect(write).rejects.toMatchObject({ code: 'ESTEIRA_BROKER_REFUSED' });
      expect(await bench.committed(groupId, topic)).toEqual({ 0: 0n });
    });
  });

  describe('groups', () => {
    it('have the members that live, and none when nobody was ever there', async () => {
      const topic = await bench.topic(2);
      const groupId = await bench.groupAtStart(topic);
      const nobody = bench.freshName();
      const { admin } = bench.broker;
      const counts = async () => [...(await admin.memberCounts([groupId, nobody]))];
      expect(await counts()).toEqual([
        [groupId, 0],
        [nobody, 0],
      ]);
      const [first, second] = await bench.pair(groupId, [topic], await bench.anotherBroker());
      expect(await counts()).toEqual([
        [groupId, 2],
        [nobody, 0],
      ]);
      await first.consumer.stop();
      expect((await admin.memberCounts([groupId])).get(groupId)).toBe(1);
      await second.consumer.stop();
      expect((await admin.memberCounts([groupId])).get(groupId)).toBe(0);
      expect((await admin.memberCounts([])).size).toBe(0);
    });
  });

  describe('reading without a group', () => {
    const read = async (topic: string, from: bigint, to: bigint, most = Number.POSITIVE_INFINITY) => {
      const records: ConsumedRecord[] = [];
      await bench.broker.admin.read({ topic, partition: 0, from, to }, (record) => {
        return records.push(record) < most;
      });
      return records.map(({ offset, value }) => `${offset}=${value}`);
    };

    it('gives exactly the records of the range, in order', async () => {
      const topic = await bench.topic();
      await bench.fill(topic, 0, numbers(0, 3_000));
      expect(await read(topic, 3n, 6n)).toEqual(['3=3', '4=4', '5=5']);
      expect(await read(topic, 0n, 3_000n)).toEqual(numbers(0, 3_000).map((n) => `${n}=${n}`));
      expect(await read(topic, 2_999n, 3_000n)).toEqual(['2999=2999']);
    });

    it('gives nothing of an empty range', async () => {
      const topic = await bench.topic();
      await bench.fill(topic, 0, numbers(0, 5));
      expect(await read(topic, 3n, 3n)).toEqual([]);
      expect(await read(topic, 5n, 5n)).toEqual([]);
    });

    it('ends at the end of the log when the range goes on', async () => {
      const topic = await bench.topic();
      expect(await read(topic, 0n, 10n)).toEqual([]);
      await bench.fill(topic, 0, numbers(0, 2));
      expect(await read(topic, 1n, 10n)).toEqual(['1=1']);
    });

    itWith(features.deleteRecords, 'begins at the first record that is still there', async (remove) => {
      const topic = await bench.topic();
      await bench.fill(topic, 0, numbers(0, 6));
      await remove({ topic, partition: 0 }, 4n);
      expect(await read(topic, 0n, 6n)).toEqual(['4=4', '5=5']);
      expect(await read(topic, 0n, 3n)).toEqual([]);
    });

    it('ends when the listener has enough', async () => {
      const topic = await bench.topic();
      await bench.fill(topic, 0, numbers(0, 1_000));
      expect(await read(topic, 10n, 1_000n, 3)).toEqual(['10=10', '11=11', '12=12']);
    });

    it('can be done by several at once', async () => {
      const topic = await bench.topic();
      await bench.fill(topic, 0, numbers(0, 200));
      const readings = await Promise.all(numbers(0, 5).map((n) => read(topic, BigInt(n * 10), 200n)));
      expect(readings.map((records) => records.length)).toEqual([200, 190, 180, 170, 160]);
    });
  });
};
