import { type Assigner, AssignerProtocol, type Cluster, type PartitionAssigner } from 'kafkajs';
import type { TopicPartition } from '../../core/record.ts';
import { assignSticky, type MemberWish } from './sticky-assignment.ts';

/** What a member sends along when it joins: the partitions its topics have, and what it owned until now. */
interface MemberState {
  readonly counts: Readonly<Record<string, number>>;
  readonly owned: readonly TopicPartition[];
}

const ASSIGNER_NAME = 'esteira-sticky';
const ASSIGNER_VERSION = 0;
const NOTHING: MemberState = { counts: {}, owned: [] };

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

const isPartition = (value: unknown): value is TopicPartition =>
  isRecord(value) && typeof value['topic'] === 'string' && Number.isInteger(value['partition']);

const parse = (userData: Buffer): unknown => {
  try {
    return JSON.parse(userData.toString('utf8'));
  } catch {
    return undefined;
  }
};

/** Reads what a member sent; of what is not understood, nothing is used. */
const readState = (userData: Buffer): MemberState => {
  const state = parse(userData);
  if (!isRecord(state) || !isRecord(state['counts']) || !Array.isArray(state['owned'])) return NOTHING;
  const counts = Object.entries(state['counts']).filter((entry): entry is [string, number] =>
    Number.isInteger(entry[1]),
  );
  return { counts: Object.fromEntries(counts), owned: state['owned'].filter(isPartition) };
};

const wishOf = (member: {
  memberId: string;
  memberMetadata: Buffer;
}): { wish: MemberWish; counts: MemberState['counts'] } => {
  const decoded = AssignerProtocol.MemberMetadata.decode(member.memberMetadata);
  const { counts, owned } = readState(decoded?.userData ?? Buffer.alloc(0));
  return { wish: { memberId: member.memberId, topics: decoded?.topics ?? [], owned }, counts };
};

/** By topic, in the order in which the member named them: kafkajs asks for them, and brokers answer, in this order. */
const byTopic = (
  partitions: readonly TopicPartition[],
  order: readonly string[],
): Record<string, number[]> => {
  const grouped: Record<string, number[]> = Object.create(null);
  const rank = new Map(order.map((topic, index) => [topic, index]));
  const inOrder = [...partitions].sort((a, b) => (rank.get(a.topic) ?? 0) - (rank.get(b.topic) ?? 0));
  for (const { topic, partition } of inOrder) grouped[topic] = [...(grouped[topic] ?? []), partition];
  return grouped;
};

/** Partition counts as this member knows them; a topic without metadata is left to the others. */
const knownCounts = (
  cluster: Pick<Cluster, 'findTopicPartitionMetadata'>,
  topics: readonly string[],
): Record<string, number> =>
  Object.fromEntries(topics.map((topic) => [topic, cluster.findTopicPartitionMetadata(topic).length]));

/**
 * The assigner of a consumer. kafkajs' own deals by the leader's subscriptions alone, so that in a deploy which adds
 * a topic its partitions go to members that drop them. Each member here tells its topics' partition counts, so the
 * leader need not know topics it does not read itself.
 *
 * @param owned what this member owns now.
 * @param onCluster told the kafkajs cluster of the consumer, once.
 */
export const stickyAssigner =
  (owned: () => readonly TopicPartition[], onCluster: (cluster: Cluster) => void): PartitionAssigner =>
  ({ cluster }): Assigner => {
    onCluster(cluster);
    return {
      name: ASSIGNER_NAME,
      version: ASSIGNER_VERSION,
      protocol: ({ topics }) => {
        const state: MemberState = { counts: knownCounts(cluster, topics), owned: owned() };
        const userData = Buffer.from(JSON.stringify(state));
        return {
          name: ASSIGNER_NAME,
          metadata: AssignerProtocol.MemberMetadata.encode({
            version: ASSIGNER_VERSION,
            topics: [...topics],
            userData,
          }),
        };
      },
      assign: async ({ members, topics }) => {
        const told = members.map(wishOf);
        const counts = new Map(Object.entries(knownCounts(cluster, topics)));
        for (const member of told)
          for (const [topic, count] of Object.entries(member.counts))
            counts.set(topic, Math.max(count, counts.get(topic) ?? 0));
        const assignment = assignSticky(
          told.map(({ wish }) => wish),
          counts,
        );
        const orders = new Map(told.map(({ wish }) => [wish.memberId, wish.topics]));
        return [...assignment].map(([memberId, partitions]) => ({
          memberId,
          memberAssignment: AssignerProtocol.MemberAssignment.encode({
            version: ASSIGNER_VERSION,
            assignment: byTopic(partitions, orders.get(memberId) ?? []),
            userData: Buffer.alloc(0),
          }),
        }));
      },
    };
  };
