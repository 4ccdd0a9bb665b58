import { type Admin, Kafka, logLevel } from 'kafkajs';
import { openCluster } from '../../../src/broker/kafka/client-internals.ts';
import type { TopicPartition } from '../../../src/core/record.ts';

/** Does to the real broker what the port cannot, through plain kafkajs. */
export class RealKafka {
  readonly brokers: readonly string[] = (process.env['KAFKA_BROKERS'] ?? '').split(',');

  #kafka(): Kafka {
    return new Kafka({ brokers: [...this.brokers], clientId: 'by-hand', logLevel: logLevel.NOTHING });
  }

  /** Drops records below an offset, as retention does. */
  deleteRecords({ topic, partition }: TopicPartition, before: bigint): Promise<void> {
    return this.#withAdmin(async (admin) => {
      // kafkajs deletes only of topics whose metadata it has.
      await admin.fetchTopicOffsets(topic);
      await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(before) }] });
    });
  }

  /** Takes every member out of the group behind its back: each finds out at its next heartbeat. */
  async expelMembers(groupId: string): Promise<void> {
    const members = await this.#withAdmin(async (admin) => {
      const { groups } = await admin.describeGroups([groupId]);
      return groups.flatMap((group) => group.members.map(({ memberId }) => memberId));
    });
    const cluster = openCluster(this.#kafka());
    await cluster.connect();
    await cluster.brokerPool.refreshMetadata([]);
    const coordinator = await cluster.findGroupCoordinator({ groupId });
    for (const memberId of members) await coordinator.leaveGroup({ groupId, memberId });
    await cluster.disconnect();
  }

  async #withAdmin<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = this.#kafka().admin();
    await admin.connect();
    try {
      return await work(admin);
    } finally {
      await admin.disconnect();
    }
  }
}
