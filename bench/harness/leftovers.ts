import { Redis } from 'ioredis';
import { type Admin, Kafka, logLevel } from 'kafkajs';

/** A group that still waits for a killed member cannot be deleted; without topics it goes by itself. */
const emptyGroups = async (admin: Admin, part: string): Promise<readonly string[]> => {
  const listed = (await admin.listGroups()).groups.map(({ groupId }) => groupId);
  const ours = listed.filter((groupId) => groupId.startsWith(part));
  if (ours.length === 0) return [];
  const { groups } = await admin.describeGroups(ours);
  return groups.filter(({ state }) => state === 'Empty').map(({ groupId }) => groupId);
};

/** A broker that is slow deletes after kafkajs has given up waiting, which then asks for what is gone already. */
const deleteTopics = async (admin: Admin, topics: string[]): Promise<void> => {
  try {
    await admin.deleteTopics({ topics });
  } catch (error) {
    const left = await admin.listTopics();
    if (left.some((topic) => topics.includes(topic))) throw error;
  }
};

const removeTopicsAndGroups = async (brokers: readonly string[], part: string): Promise<void> => {
  const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(part));
    if (topics.length > 0) await deleteTopics(admin, topics);
    const empty = await emptyGroups(admin, part);
    if (empty.length > 0) await admin.deleteGroups([...empty]);
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
