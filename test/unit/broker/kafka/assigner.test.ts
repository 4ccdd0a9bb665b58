import { AssignerProtocol } from 'kafkajs';
import { expect, test } from 'vitest';
import { stickyAssigner } from '../../../../src/broker/kafka/assigner.ts';

const COUNTS: Readonly<Record<string, number>> = { 'a.events': 2, 'a.job': 2, 'a.job.high': 1 };

/** What a member of two is assigned, topic by topic, in the order of the bytes. */
const assignedTopics = async (topics: readonly string[]): Promise<readonly string[]> => {
  const cluster = {
    findTopicPartitionMetadata: (topic: string) =>
      Array.from({ length: COUNTS[topic] ?? 0 }, (_, partitionId) => ({ partitionId })),
  };
  const make = stickyAssigner(
    () => [],
    () => undefined,
  );
  type Setting = Parameters<typeof make>[0];
  const assigner = make({ cluster, groupId: 'g' } as unknown as Setting);
  const { metadata } = assigner.protocol({ topics: [...topics] });
  const [assigned] = await assigner.assign({
    members: [{ memberId: 'm', memberMetadata: metadata }],
    topics: Object.keys(COUNTS),
  });
  const decoded = AssignerProtocol.MemberAssignment.decode(assigned?.memberAssignment ?? Buffer.alloc(0));
  return Object.keys(decoded?.assignment ?? {});
};

// kafkajs asks for partitions in the order of its assignment, and a broker fills its answer in that order: behind more
// backlog than one answer holds, a lane that was asked for last was never answered.
test.each([[['a.job.high', 'a.events', 'a.job']], [['a.events', 'a.job', 'a.job.high']]])(
  'a member is assigned its topics in the order in which it names them: %j',
  async (topics) => {
    expect(await assignedTopics(topics)).toEqual(topics);
  },
);
