import type { CommittedOffset } from '../../core/ports/broker.ts';
import { brokerError, traitsOf } from './errors.ts';
import type { OffsetManagerOfAssignment } from './group-patch.ts';

/** Answers that mean: this assignment is over, or about to be. */
const REBALANCE = new Set([
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'REBALANCE_IN_PROGRESS',
  'FENCED_INSTANCE_ID',
]);

interface TopicOffsets {
  readonly topic: string;
  readonly partitions: { partition: number; offset: string; metadata: string }[];
}

const byTopic = (offsets: readonly CommittedOffset[]): readonly TopicOffsets[] => {
  const topics = new Map<string, TopicOffsets>();
  for (const { topic, partition, offset, metadata } of offsets) {
    const one = topics.get(topic) ?? { topic, partitions: [] };
    one.partitions.push({ partition, offset: String(offset), metadata });
    topics.set(topic, one);
  }
  return [...topics.values()];
};

/**
 * Commits under the generation the offset manager was made for. The consumer's own commit would stamp the present
 * generation on it, and the broker would take offsets of partitions that belong to another member now.
 *
 * @param onFailure says whether the same commit may be tried again, once.
 * @throws EsteiraError ESTEIRA_BROKER_UNAVAILABLE when the broker did not take it.
 */
export const commitUnder = async (
  manager: OffsetManagerOfAssignment,
  offsets: readonly CommittedOffset[],
  onFailure: (error: unknown) => Promise<boolean>,
): Promise<'committed' | 'rebalancing'> => {
  const commit = (): Promise<void> => manager.commitOffsets({ topics: byTopic(offsets) });
  try {
    await commit().catch(async (error: unknown) => {
      if (!(await onFailure(error))) throw error;
      await commit();
    });
    return 'committed';
  } catch (error) {
    if (REBALANCE.has(traitsOf(error).type ?? '')) return 'rebalancing';
    throw brokerError('Cannot commit offsets', error, { facts: { partitions: offsets.length } });
  }
};
