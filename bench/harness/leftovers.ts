import { Redis } from 'ioredis';
import { Kafka, logLevel } from 'kafkajs';

const removeTopicsAndGroups = async (brokers: readonly string[], part: string): Promise<void> => {
  const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(part));
    if (topics.length > 0) await admin.deleteTopics({ topics });
    const { groups } = await admin.listGroups();
    const ours = groups.map(({ groupId }) => groupId).filter((groupId) => groupId.startsWith(part));
    if (ours.length > 0) await admin.deleteGroups(ours);
  } finally {
    await admin.disconnect();
  }
};

const removeKeys = async (url: string, part: string): Promise<void> => {
  const redis = new Redis(url);
  try {
    for await (const keys of redis.scanStream({ match: `*${part}*`, count: 5_000 })) {
      if (Array.isArray(keys) && keys.length > 0) await redis.unlink(...keys.map(String));
    }
  } finally {
    redis.disconnect();
  }
};

/** Removes every topic, group and key whose name begins with, or (keys) holds, this part. */
export const removeLeftovers = async (env: Readonly<Record<string, string>>, part: string): Promise<void> => {
  await removeTopicsAndGroups((env['KAFKA_BROKERS'] ?? '').split(','), part);
  await removeKeys(env['REDIS_URL'] ?? '', part);
};
