import { it } from 'vitest';
import type { Broker } from '../../../src/core/ports/broker.ts';
import type { TopicPartition } from '../../../src/core/record.ts';

/** Something a fixture can do to its broker, or why it cannot: the suite says so in the test's name. */
export type Feature<T> = T | { readonly missing: string };

/** What a fixture can make happen on purpose. */
export interface BrokerFeatures {
  /** Records of the topic are written, but their acknowledgements do not come until `release`. */
  readonly holdAcks: Feature<{
    hold(topic: string): void | Promise<void>;
    release(): void | Promise<void>;
  }>;
  /** Drops records below an offset, as retention does. */
  readonly deleteRecords: Feature<(at: TopicPartition, before: bigint) => void | Promise<void>>;
  /** Commits do not reach the broker between `start` and `end`. */
  readonly failCommits: Feature<{ start(): void | Promise<void>; end(): void | Promise<void> }>;
  /** Throws every member out of the group; each comes back by itself with another member id. */
  readonly expelMembers: Feature<(groupId: string) => void | Promise<void>>;
  /** Makes the clients of all members of the group give up for good. */
  readonly crash: Feature<(groupId: string) => void | Promise<void>>;
}

/** One adapter under the suite. */
export interface BrokerFixture {
  /** Makes a broker object; all of them see the same topics and groups, as processes on one Kafka do. */
  createBroker(): Promise<Broker>;
  /** How many replicas a topic can have here. */
  readonly replicationFactor: number;
  readonly features: BrokerFeatures;
}

/** Whether a fixture does without this. */
export const isMissing = <T>(feature: Feature<T>): feature is { readonly missing: string } =>
  typeof feature === 'object' && feature !== null && 'missing' in feature;

/** A test that needs a feature; without it the test is listed as skipped, with the reason. */
export const itWith = <T>(
  feature: Feature<T>,
  claim: string,
  test: (feature: T) => void | Promise<void>,
): void => {
  if (isMissing(feature)) it.skip(`${claim} (not shown here: ${feature.missing})`);
  else it(claim, () => test(feature));
};
