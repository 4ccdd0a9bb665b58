import kafkajs from 'kafkajs';
import type { Stack } from '../../stack/index.ts';
import { waitFor } from './wait.ts';

/**
 * Moves the leaders of every third partition of a topic: the present leader is taken out of the replicas, so that
 * another must lead, and put back behind the others.
 */
export const moveLeaders = async (stack: Stack, topic: string): Promise<void> => {
  const brokers = (stack.env['KAFKA_BROKERS'] ?? '').split(',');
  const admin = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  const partitionsOf = async () =>
    (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0]?.partitions ?? [];
  const reassign = async (wanted: { partition: number; replicas: number[] }[]): Promise<void> => {
    await admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment: wanted }] });
    await waitFor(
      'the reassignment to end',
      async () => {
        const now = new Map((await partitionsOf()).map((one) => [one.partitionId, one.replicas]));
        return wanted.every(({ partition, replicas }) => now.get(partition)?.length === replicas.length);
      },
      { timeoutMs: 20_000, everyMs: 200 },
    );
  };
  try {
    const chosen = (await partitionsOf()).filter(({ partitionId }) => partitionId % 3 === 0);
    const without = chosen.map(({ partitionId, replicas, leader }) => ({
      partition: partitionId,
      replicas: replicas.filter((id) => id !== leader),
    }));
    await reassign(without);
    await reassign(
      without.map(({ partition, replicas }, index) => ({
        partition,
        replicas: [...replicas, chosen[index]?.leader ?? 0],
      })),
    );
  } finally {
    await admin.disconnect();
  }
};
