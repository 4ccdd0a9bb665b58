import { Kafka, logLevel } from 'kafkajs';

/** Creates a topic with the broker's settings. */
export const createTopic = async (
  env: Readonly<Record<string, string>>,
  topic: string,
  partitions: number,
): Promise<void> => {
  const brokers = (env['KAFKA_BROKERS'] ?? '').split(',');
  const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: partitions }] });
  } finally {
    await admin.disconnect();
  }
};
