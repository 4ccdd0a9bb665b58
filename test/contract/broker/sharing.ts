import { describe, expect, it } from 'vitest';
import type { CommittedOffset } from '../../../src/core/ports/broker.ts';
import type { TopicPartition } from '../../../src/core/record.ts';
import { type BrokerBench, numbers } from './bench.ts';
import { itWith } from './fixture.ts';
import type { Member } from './member.ts';

const at = (topic: string, partition: number, offset: bigint, metadata = ''): CommittedOffset => {
  return { topic, partition, offset, metadata };
};

const onlyOwned = (member: Member): TopicPartition => {
  const [owned, ...others] = member.assignment.partitions;
  if (owned === undefined || others.length > 0) throw new Error('expected exactly one owned partition');
  return owned;
};

const texts = (from: number, to: number): readonly string[] => numbers(from, to).map(String);

/** Commits, and how members of a group share its partitions. */
export const describeSharing = (bench: BrokerBench): void => {
  const { expelMembers, failCommits } = bench.fixture.features;

  describe('a commit', () => {
    it('is kept with its metadata and answered with what was accepted', async () => {
      const topic = await bench.topic(2);
      const groupId = await bench.groupAtStart(topic);
      const member = await bench.member(groupId, [topic]);
      const offsets = [at(topic, 0, 3n, '{"w":"17"}'), at(topic, 1, 9n, 'conceição')];
      expect(await member.consumer.commit(offsets)).toEqual(offsets);
      expect(await bench.broker.admin.committedOffsets(groupId, topic)).toEqual(offsets);
    });

    it('never moves back, nor stays where it is', async () => {
      const topic = await bench.topic(2);
      const groupId = await bench.groupAtStart(topic);
      const member = await bench.member(groupId, [topic]);
      await member.consumer.commit([at(topic, 0, 5n, 'kept'), at(topic, 1, 1n)]);
      const mixed = [at(topic, 0, 4n, 'lower'), at(topic, 1, 2n)];
      expect(await member.consumer.commit(mixed)).toEqual([at(topic, 1, 2n)]);
      expect(await member.consumer.commit([at(topic, 0, 5n, 'same')])).toEqual([]);
      const kept = await bench.broker.admin.committedOffsets(groupId, topic);
      expect(kept).toEqual([at(topic, 0, 5n, 'kept'), at(topic, 1, 2n)]);
    });

    it('does not go below what the group had before the member came', async () => {
      const topic = await bench.topic();
      const groupId = bench.freshName();
      await bench.fill(topic, 0, numbers(0, 9));
      await bench.broker.admin.setCommittedOffsets(groupId, [at(topic, 0, 8n)]);
      const member = await bench.member(groupId, [topic]);
      expect(await member.consumer.commit([at(topic, 0, 7n)])).toEqual([]);
      expect(await bench.committed(groupId, topic)).toEqual({ 0: 8n });
    });

    it('is dropped for what is not owned', async () => {
      const topic = await bench.topic(2);
      const other = await bench.topic();
      const groupId = await bench.groupAtStart(topic, other);
      const [first, second] = await bench.pair(groupId, [topic]);
      const foreign = { ...onlyOwned(second), offset: 4n, metadata: '' };
      const own = { ...onlyOwned(first), offset: 2n, metadata: '' };
      expect(await first.consumer.commit([foreign, own, at(other, 0, 3n)])).toEqual([own]);
      const kept = await bench.committed(groupId, topic);
      expect(kept).toEqual({ [foreign.partition]: 0n, [own.partition]: 2n });
      expect(await bench.committed(groupId, other)).toEqual({ 0: 0n });
    });

    it('is never made by the member itself', async () => {
      const topic = await bench.topic();
      const groupId = await bench.groupAtStart(topic);
      const member = await bench.member(groupId, [topic]);
      await bench.fill(topic, 0, numbers(0, 50));
      await member.receives(50);
      await member.consumer.stop();
      expect(await bench.committed(groupId, topic)).toEqual({ 0: 0n });
    });

    it('that was accepted is kept, whatever the group does meanwhile', async () => {
      const topic = await bench.topic(4);
      const groupId = await bench.groupAtStart(topic);
      await Promise.all(numbers(0, 4).map((partition) => bench.fill(topic, partition, numbers(0, 2_000))));
      const member = await bench.member(groupId, [topic]);
      const joining = bench.member(groupId, [topic]);
      const commits: Promise<readonly CommittedOffset[]>[] = [];
      await member.until('the second assignment', () => {
        const offset = BigInt(commits.length + 1);
        const offsets = numbers(0, 4).map((partition) => at(topic, partition, offset));
        commits.push(member.consumer.commit(offsets));
        return member.assignments.length > 1;
      });
      const second = await joining;
      const accepted = (await Promise.all(commits)).flat();
      await Promise.all([member, second].map(({ consumer }) => consumer.stop()));
      const kept = await bench.committed(groupId, topic);
      expect(accepted.length).toBeGreaterThan(0);
      for (const partition of numbers(0, 4)) {
        const last = accepted.filter((one) => one.partition === partition).at(-1);
        expect(kept[partition]).toBe(last?.offset ?? 0n);
      }
    });

    itWith(failCommits, 'says when the broker did not take it, and can be made again', async (failing) => {
      const topic = await bench.topic();
      const groupId = await bench.groupAtStart(topic);
      const member = await bench.member(groupId, [topic]);
      await failing.start();
      const lost = member.consumer.commit([at(topic, 0, 2n)]);
      await expect(lost).rejects.toMatchObject({ code: 'ESTEIRA_BROKER_UNAVAILABLE', retryable: true });
      await failing.end();
      expect(await member.consumer.commit([at(topic, 0, 2n)])).toEqual([at(topic, 0, 2n)]);
    });
  });

  describe('the next member', () => {
    it('goes on from the committed offset, and is given its metadata', async () => {
      const topic = await bench.topic();
      const groupId = await bench.groupAtStart(topic);
      await bench.fill(topic, 0, numbers(0, 10));
      const before = await bench.member(groupId, [topic]);
      await before.receives(10);
      await before.consumer.commit([at(topic, 0, 6n, 'w=4')]);
      await before.consumer.stop();
      const after = await bench.member(groupId, [topic], await bench.anotherBroker());
      expect(after.assignment.committed).toEqual([at(topic, 0, 6n, 'w=4')]);
      expect(after.assignment.sameMember).toBe(false);
      await after.receives(4);
      expect(after.texts(0)).toEqual(texts(6, 10));
    });
  });

  describe('two members', () => {
    it('split the partitions, and each record comes to its owner once', async () => {
      const topic = await bench.topic(4);
      const groupId = await bench.groupAtStart(topic);
      const members = await bench.pair(groupId, [topic], await bench.anotherBroker());
      const [first, second] = members;
      expect(members.map(({ owned }) => owned.length)).toEqual([2, 2]);
      expect([...first.owned, ...second.owned].sort()).toEqual(numbers(0, 4).map((n) => `${topic}/${n}`));
      await Promise.all(numbers(0, 4).map((partition) => bench.fill(topic, partition, numbers(0, 25))));
      for (const member of members) {
        await member.receives(50);
        for (const { partition } of member.assignment.partitions) {
          expect(member.texts(partition)).toEqual(texts(0, 25));
        }
      }
    });

    it('are both assigned anew when one joins: the one that was there stays the same member', async () => {
      const topic = await bench.topic(4);
      const groupId = await bench.groupAtStart(topic);
      const [first, second] = await bench.pair(groupId, [topic]);
      expect(first.assignments.length).toBeGreaterThan(1);
      expect(first.assignments.map(({ sameMember }) => sameMember)).toEqual(
        first.assignments.map((_, index) => index > 0),
      );
      expect(second.assignments[0]?.sameMember).toBe(false);
    });

    it('keep of what they had what their share allows when a third joins', async () => {
      const topic = await bench.topic(6);
      const groupId = await bench.groupAtStart(topic);
      const members = await bench.pair(groupId, [topic]);
      const before = members.map(({ owned }) => owned);
      const third = await bench.member(groupId, [topic]);
      const twoEach = ({ owned }: Member) => owned.length === 2;
      for (const member of [...members, third]) await member.until('two partitions', twoEach);
      for (const [index, member] of members.entries()) {
        expect(before[index]).toEqual(expect.arrayContaining([...member.owned]));
      }
    });

    it('leave nothing unread when one goes: the other takes over from the committed offsets', async () => {
      const topic = await bench.topic(2);
      const groupId = await bench.groupAtStart(topic);
      const [stays, goes] = await bench.pair(groupId, [topic]);
      const moved = onlyOwned(goes).partition;
      await bench.fill(topic, moved, numbers(0, 10));
      await goes.receives(10);
      await goes.consumer.commit([at(topic, moved, 7n, 'left here')]);
      await goes.consumer.stop();
      await stays.until('both partitions', ({ owned }) => owned.length === 2);
      expect(stays.assignment.committed).toContainEqual(at(topic, moved, 7n, 'left here'));
      await bench.fill(topic, moved, numbers(10, 13));
      await stays.until('the rest', (member) => member.texts(moved).includes('12'));
      expect(stays.texts(moved)).toEqual(texts(7, 13));
    });

    it('may be more than there are partitions: the surplus one waits without any', async () => {
      const topic = await bench.topic(1);
      const groupId = await bench.groupAtStart(topic);
      const first = await bench.member(groupId, [topic]);
      const second = await bench.member(groupId, [topic]);
      const both = [first, second];
      await second.until('one partition for one of them', () => {
        return first.assignments.length > 1 && both.flatMap(({ owned }) => owned).length === 1;
      });
      const [idle] = both.filter(({ owned }) => owned.length === 0);
      const [busy] = both.filter(({ owned }) => owned.length === 1);
      await busy?.consumer.stop();
      await bench.fill(topic, 0, ['for the one that waited']);
      await idle?.receives(1);
    });
  });

  describe('a pause', () => {
    it('outlives a rebalance where the partition is kept, but not where it was lost', async () => {
      const topic = await bench.topic(2);
      const groupId = await bench.groupAtStart(topic);
      const member = await bench.member(groupId, [topic]);
      member.consumer.pause(member.assignment.partitions);
      const guest = await bench.member(groupId, [topic]);
      await member.until('one partition', ({ owned }) => owned.length === 1);
      const kept = onlyOwned(member).partition;
      await guest.consumer.stop();
      await member.until('both partitions', ({ owned }) => owned.length === 2);
      await bench.fill(topic, kept, ['kept']);
      await bench.fill(topic, 1 - kept, ['lost and regained']);
      await member.until('the regained partition', (one) => one.texts(1 - kept).length > 0);
      expect(member.texts(kept)).toEqual([]);
      member.consumer.resume([{ topic, partition: kept }]);
      await member.until('the kept partition', (one) => one.texts(kept).length > 0);
    });

    itWith(expelMembers, 'ends when the group takes the process for a new member', async (expel) => {
      const topic = await bench.topic();
      const groupId = await bench.groupAtStart(topic);
      const member = await bench.member(groupId, [topic]);
      member.consumer.pause(member.assignment.partitions);
      await expel(groupId);
      await member.until('another assignment', ({ assignments }) => assignments.length > 1);
      expect(member.assignment.sameMember).toBe(false);
      await bench.fill(topic, 0, ['read again']);
      await member.until('the record', (one) => one.texts(0).includes('read again'));
    });
  });
};
