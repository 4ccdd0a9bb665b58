import { describe, expect, it } from 'vitest';
import { partitionKey } from '../../../src/core/record.ts';
import { type BrokerBench, numbers, recordOf } from './bench.ts';
import { itWith } from './fixture.ts';

const texts = (from: number, to: number): readonly string[] => numbers(from, to).map(String);

/** What a member is handed: from where, how, and when not. */
export const describeConsuming = (bench: BrokerBench): void => {
  const { deleteRecords, crash } = bench.fixture.features;

  describe('a member', () => {
    it('does nothing until it runs', async () => {
      const topic = await bench.topic();
      const groupId = bench.freshName();
      const member = bench.newMember(groupId, [topic]);
      // Refused for a group with members.
      const start = [{ topic, partition: 0, offset: 0n, metadata: '' }];
      await bench.broker.admin.setCommittedOffsets(groupId, start);
      expect(await member.consumer.commit([{ topic, partition: 0, offset: 5n, metadata: '' }])).toEqual([]);
      expect(member.told).toEqual([]);
    });

    it('has its first assignment, as a new member, when run resolves', async () => {
      const topic = await bench.topic(3);
      const groupId = await bench.groupAtStart(topic);
      const member = await bench.member(groupId, [topic]);
      expect(member.told[0]?.kind).toBe('assigned');
      expect(member.owned).toEqual([`${topic}/0`, `${topic}/1`, `${topic}/2`]);
      expect(member.assignment.sameMember).toBe(false);
    });

    it('cannot run on a topic that does not exist', async () => {
      const topic = bench.freshName();
      const member = bench.newMember(bench.freshName(), [topic]);
      const run = member.consumer.run(member);
      await expect(run).rejects.toMatchObject({ code: 'ESTEIRA_TOPICS_DIFFER' });
      expect((await bench.broker.admin.describeTopics([topic])).get(topic)).toBeUndefined();
    });

    it('reads from the committed offset on, each record once and in order', async () => {
      const topic = await bench.topic();
      const groupId = bench.freshName();
      await bench.fill(topic, 0, numbers(0, 10));
      await bench.broker.admin.setCommittedOffsets(groupId, [
        { topic, partition: 0, offset: 4n, metadata: 'm' },
      ]);
      const member = await bench.member(groupId, [topic]);
      await member.receives(6);
      await bench.fill(topic, 0, numbers(10, 20));
      await member.receives(16);
      expect(member.texts(0)).toEqual(texts(4, 20));
      expect(member.assignment.committed).toEqual([{ topic, partition: 0, offset: 4n, metadata: 'm' }]);
    });

    it('gets thousands of records of many partitions once each', async () => {
      const topic = await bench.topic(4);
      const groupId = await bench.groupAtStart(topic);
      const member = await bench.member(groupId, [topic]);
      await Promise.all(numbers(0, 4).map((partition) => bench.fill(topic, partition, numbers(0, 1_500))));
      await member.receives(6_000);
      for (const partition of numbers(0, 4)) expect(member.texts(partition)).toEqual(texts(0, 1_500));
    });

    it('is told the end of the partition with each batch, for lag', async () => {
      const topic = await bench.topic();
      const groupId = await bench.groupAtStart(topic);
      await bench.fill(topic, 0, numbers(0, 25));
      const member = await bench.member(groupId, [topic]);
      await member.receives(25);
      expect(member.batches.at(-1)?.highWatermark).toBe(25n);
    });

    it('reads all topics it subscribed to', async () => {
      const first = await bench.topic(2);
      const second = await bench.topic();
      const groupId = await bench.groupAtStart(first, second);
      const member = await bench.member(groupId, [first, second]);
      expect(member.owned).toEqual([`${first}/0`, `${first}/1`, `${second}/0`].sort());
      await bench.fill(first, 1, ['one']);
      await bench.fill(second, 0, ['two']);
      const found = (await member.receives(2)).map((record) => `${partitionKey(record)} ${record.value}`);
      expect(found.sort()).toEqual([`${first}/1 one`, `${second}/0 two`].sort());
    });

    itWith(crash, 'is told when its client gave up for good', async (makeCrash) => {
      const topic = await bench.topic();
      const groupId = await bench.groupAtStart(topic);
      const member = await bench.member(groupId, [topic]);
      await makeCrash(groupId);
      await member.until('the crash', ({ crashes }) => crashes.length === 1);
      expect(member.crashes[0]).toBeInstanceOf(Error);
    });
  });

  describe('a partition whose offset is no use', () => {
    it('is told and not read when the group never committed one', async () => {
      const topic = await bench.topic(2);
      const groupId = bench.freshName();
      await bench.fill(topic, 1, numbers(0, 7));
      await bench.broker.admin.setCommittedOffsets(groupId, [
        { topic, partition: 0, offset: 0n, metadata: '' },
      ]);
      const member = await bench.member(groupId, [topic]);
      await member.until('the problem', ({ problems }) => problems.length > 0);
      await bench.fill(topic, 1, numbers(7, 9));
      await bench.fill(topic, 0, numbers(0, 5));
      await member.receives(5);
      expect(member.texts(0)).toEqual(texts(0, 5));
      expect(member.texts(1)).toEqual([]);
      expect(member.problems).toEqual([{ topic, partition: 1, problem: 'missing', low: 0n, high: 7n }]);
      expect(member.assignment.partitions).toHaveLength(2);
      expect(member.assignment.committed.map(({ partition }) => partition)).toEqual([0]);
      expect(await bench.committed(groupId, topic)).toEqual({ 0: 0n });
    });

    it('is told and not read when the offset is above the end', async () => {
      const topic = await bench.topic(2);
      const groupId = bench.freshName();
      await bench.fill(topic, 0, numbers(0, 3));
      await bench.broker.admin.setCommittedOffsets(groupId, [
        { topic, partition: 0, offset: 90n, metadata: '' },
        { topic, partition: 1, offset: 0n, metadata: '' },
      ]);
      const member = await bench.member(groupId, [topic]);
      await member.until('the problem', ({ problems }) => problems.length > 0);
      await bench.fill(topic, 1, ['healthy']);
      await member.receives(1);
      expect(member.problems).toEqual([
        { topic, partition: 0, problem: 'out-of-range', committed: 90n, low: 0n, high: 3n },
      ]);
      expect(member.texts(0)).toEqual([]);
      expect(await bench.committed(groupId, topic)).toEqual({ 0: 90n, 1: 0n });
    });

    it('is no problem when the group stands exactly at the end', async () => {
      const topic = await bench.topic();
      const groupId = bench.freshName();
      await bench.fill(topic, 0, numbers(0, 3));
      await bench.broker.admin.setCommittedOffsets(groupId, [
        { topic, partition: 0, offset: 3n, metadata: '' },
      ]);
      const member = await bench.member(groupId, [topic]);
      await bench.fill(topic, 0, ['next']);
      await member.receives(1);
      expect(member.texts(0)).toEqual(['next']);
      expect(member.problems).toEqual([]);
    });

    itWith(deleteRecords, 'is told and not read when the log begins above it', async (remove) => {
      const topic = await bench.topic(2);
      const groupId = await bench.groupAtStart(topic);
      await bench.fill(topic, 0, numbers(0, 10));
      await remove({ topic, partition: 0 }, 6n);
      const member = await bench.member(groupId, [topic]);
      await member.until('the problem', ({ problems }) => problems.length > 0);
      await bench.fill(topic, 1, ['healthy']);
      await member.receives(1);
      expect(member.problems).toEqual([
        { topic, partition: 0, problem: 'out-of-range', committed: 0n, low: 6n, high: 10n },
      ]);
      expect(member.texts(0)).toEqual([]);
    });

    itWith(deleteRecords, 'is told and read no more when retention overtakes the reading', async (remove) => {
      const topic = await bench.topic(2);
      const groupId = await bench.groupAtStart(topic);
      await bench.fill(topic, 0, numbers(0, 5));
      const member = await bench.member(groupId, [topic]);
      await member.receives(5);
      member.consumer.pause([{ topic, partition: 0 }]);
      await bench.fill(topic, 0, numbers(5, 20));
      await remove({ topic, partition: 0 }, 12n);
      member.consumer.resume([{ topic, partition: 0 }]);
      await member.until('the problem', ({ problems }) => problems.length > 0);
      await bench.fill(topic, 1, ['healthy']);
      await member.receives(6);
      expect(member.problems).toEqual([
        { topic, partition: 0, problem: 'out-of-range', committed: 0n, low: 12n, high: 20n },
      ]);
      expect(member.texts(0)).toEqual(texts(0, 5));
      expect(await bench.committed(groupId, topic)).toEqual({ 0: 0n, 1: 0n });
    });
  });

  describe('a paused partition', () => {
    it('is not read until it is resumed, while others are, and goes on where it stood', async () => {
      const topic = await bench.topic(2);
      const groupId = await bench.groupAtStart(topic);
      const member = await bench.member(groupId, [topic]);
      await bench.fill(topic, 0, numbers(0, 3));
      await member.receives(3);
      member.consumer.pause([{ topic, partition: 0 }]);
      await bench.fill(topic, 0, numbers(3, 10));
      // Two rounds on the other partition: what was on its way when it was paused has arrived by then.
      await bench.fill(topic, 1, ['one']);
      await member.receives(4);
      await bench.fill(topic, 1, ['two']);
      await member.receives(5);
      expect(member.texts(0)).toEqual(texts(0, 3));
      member.consumer.resume([{ topic, partition: 0 }]);
      await member.receives(12);
      expect(member.texts(0)).toEqual(texts(0, 10));
      expect(member.texts(1)).toEqual(['one', 'two']);
    });

    it('hands over nothing more, even when it is paused from within a batch', async () => {
      const topic = await bench.topic(2);
      const groupId = await bench.groupAtStart(topic);
      await bench.fill(topic, 0, numbers(0, 4_000));
      const member = bench.newMember(groupId, [topic]);
      await member.consumer.run({
        onAssigned: (assignment) => member.onAssigned(assignment),
        onOffsetProblem: (problems) => member.onOffsetProblem(problems),
        onCrash: (error) => member.onCrash(error),
        onBatch: (batch) => {
          member.onBatch(batch);
          if (batch.partition === 0) member.consumer.pause([batch]);
        },
      });
      await member.until('the first batch', ({ batches }) => batches.length > 0);
      const first = member.batches[0]?.records.length ?? 0;
      await bench.fill(topic, 1, ['other']);
      await member.until('the other partition', (one) => one.texts(1).length === 1);
      expect(member.texts(0)).toEqual(texts(0, first));
    });

    it('may be one that is not owned: nothing happens', async () => {
      const topic = await bench.topic();
      const groupId = await bench.groupAtStart(topic);
      const member = await bench.member(groupId, [topic]);
      member.consumer.pause([{ topic, partition: 7 }]);
      member.consumer.resume([{ topic, partition: 7 }]);
      await bench.fill(topic, 0, ['still read']);
      await member.receives(1);
    });
  });

  describe('a stopped member', () => {
    it('is told nothing more and commits nothing more', async () => {
      const topic = await bench.topic();
      const groupId = await bench.groupAtStart(topic);
      const gone = await bench.member(groupId, [topic]);
      await bench.fill(topic, 0, numbers(0, 3));
      await gone.receives(3);
      await gone.consumer.stop();
      const told = gone.told.length;
      const next = await bench.member(groupId, [topic]);
      await bench.fill(topic, 0, numbers(3, 6));
      await next.receives(6);
      expect(gone.told).toHaveLength(told);
      expect(await gone.consumer.commit([{ topic, partition: 0, offset: 3n, metadata: '' }])).toEqual([]);
      expect(await bench.committed(groupId, topic)).toEqual({ 0: 0n });
    });

    it('has left its group at once: the next member need not wait for its session to end', async () => {
      const topic = await bench.topic();
      const groupId = await bench.groupAtStart(topic);
      const member = await bench.member(groupId, [topic]);
      await member.consumer.stop();
      const again = [{ topic, partition: 0, offset: 2n, metadata: 'by hand' }];
      await bench.broker.admin.setCommittedOffsets(groupId, again);
      expect(await bench.broker.admin.committedOffsets(groupId, topic)).toEqual(again);
    });
  });

  describe('two groups', () => {
    it('each get every record', async () => {
      const topic = await bench.topic(2);
      const producer = await bench.producer();
      const members = await Promise.all(
        numbers(0, 2).map(async () => bench.member(await bench.groupAtStart(topic), [topic])),
      );
      for (const n of numbers(0, 10))
        await producer.send(recordOf(topic, { partition: n % 2, text: String(n) }));
      for (const member of members) {
        const found = (await member.receives(10)).map((record) => Number(record.value));
        expect(found.toSorted((a, b) => a - b)).toEqual(numbers(0, 10));
      }
    });
  });
};
