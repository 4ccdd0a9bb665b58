import type { TopicPartition } from '../../core/record.ts';
import type { RawBroker, RawCluster } from './client-internals.ts';

/** How old a route may grow before it is looked up anew in the background, ms (partitions may have been added). */
const REFRESH_AFTER_MS = 300_000;

/** Which broker leads which partition, one topic at a time. */
export interface TopicRoutes {
  /** Partition ids of the topic. Rejects with the client's error, also for an unknown topic. */
  partitions(topic: string): Promise<readonly number[]>;
  /** The connected leader. */
  leader(at: TopicPartition): Promise<RawBroker>;
  /** The node id of the leader, as last heard. */
  leaderId(at: TopicPartition): Promise<number>;
  /** Forgets the topic: it is looked up again on the next question. */
  forget(topic: string): void;
}

interface Route {
  readonly leaders: ReadonlyMap<number, number>;
  readonly askedAtMs: number;
}

/** Raised when metadata came without the partition asked for. */
export class PartitionUnknown extends Error {
  override readonly name = 'PartitionUnknown';
  readonly type = 'UNKNOWN_TOPIC_OR_PARTITION';
}

/**
 * Looks topics up one by one: in kafkajs a topic that was deleted fails every later refresh of the whole client.
 * The look-ups run one after the other, as the client keeps the answer in one place.
 */
export const createTopicRoutes = (cluster: RawCluster): TopicRoutes => {
  const routes = new Map<string, Promise<Route>>();
  let turn: Promise<unknown> = Promise.resolve();

  const ask = async (topic: string): Promise<Route> => {
    await cluster.brokerPool.refreshMetadata([topic]);
    const found = cluster.brokerPool.metadata?.topicMetadata.find((one) => one.topic === topic);
    if (found === undefined) throw new PartitionUnknown(topic);
    const leaders = new Map(found.partitionMetadata.map(({ partitionId, leader }) => [partitionId, leader]));
    return { leaders, askedAtMs: Date.now() };
  };

  const lookUp = (topic: string): Promise<Route> => {
    const asked = turn.then(() => ask(topic));
    turn = asked.catch(() => undefined);
    return asked;
  };

  const refresh = (topic: string): Promise<Route> => {
    const asked = lookUp(topic);
    routes.set(topic, asked);
    asked.catch(() => {
      if (routes.get(topic) === asked) routes.delete(topic);
    });
    return asked;
  };

  const routeOf = async (topic: string): Promise<Route> => {
    const route = await (routes.get(topic) ?? refresh(topic));
    if (Date.now() - route.askedAtMs > REFRESH_AFTER_MS) void refresh(topic).catch(() => undefined);
    return route;
  };

  const leaderIn = ({ leaders }: Route, { topic, partition }: TopicPartition): number => {
    const leader = leaders.get(partition);
    if (leader === undefined) throw new PartitionUnknown(`${topic}/${partition}`);
    return leader;
  };

  return {
    leaderId: async (at) => leaderIn(await routeOf(at.topic), at),
    partitions: async (topic) => [...(await routeOf(topic)).leaders.keys()].sort((a, b) => a - b),
    leader: async (at) => cluster.findBroker({ nodeId: String(leaderIn(await routeOf(at.topic), at)) }),
    forget: (topic) => {
      routes.delete(topic);
    },
  };
};
