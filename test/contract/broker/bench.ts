import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { Broker, ProducerOptions, RecordProducer } from '../../../src/core/ports/broker.ts';
import type { ConsumedRecord, OutgoingRecord, RecordPosition } from '../../../src/core/record.ts';
import { type BrokerFeatures, type BrokerFixture, isMissing } from './fixture.ts';
import { Member } from './member.ts';

/** A record with only what a test cares for. */
export const recordOf = (
  topic: string,
  fields: Partial<OutgoingRecord> & { text?: string } = {},
): OutgoingRecord => {
  const { text, ...given } = fields;
  return { topic, key: null, value: text === undefined ? null : Buffer.from(text), headers: [], ...given };
};

/** The numbers from `from` up to, but without, `to`. */
export const numbers = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);

/** A test that failed must not leave its fault to the next one. */
const endFaults = async ({ holdAcks, failCommits }: BrokerFeatures): Promise<void> => {
  if (!isMissing(holdAcks)) await holdAcks.release();
  if (!isMissing(failCommits)) await failCommits.end();
};

/** What tests of the suite work with: one broker for all of a file, fresh topics and groups for each. */
export class BrokerBench {
  readonly fixture: BrokerFixture;
  #broker: Broker | undefined;
  #members: Member[] = [];
  #producers: RecordProducer[] = [];
  #brokers: Broker[] = [];
  /** One for all tests: a real one takes a while to connect. */
  #filler: RecordProducer | undefined;

  /** Must be called inside `describe`: it hooks itself into the tests there. */
  constructor(fixture: BrokerFixture) {
    this.fixture = fixture;
    beforeAll(async () => {
      this.#broker = await fixture.createBroker();
    });
    afterEach(() => this.#tidyUp());
    afterAll(() => this.broker.close());
  }

  get broker(): Broker {
    if (this.#broker === undefined) throw new Error('the broker is there once the tests run');
    return this.#broker;
  }

  /** Another broker object, as in another process; closed after the test. */
  async anotherBroker(): Promise<Broker> {
    const broker = await this.fixture.createBroker();
    this.#brokers.push(broker);
    return broker;
  }

  freshName(): string {
    return `it-${randomUUID()}`;
  }

  async topic(partitions = 1, config: Readonly<Record<string, string>> = {}): Promise<string> {
    const topic = this.freshName();
    const { replicationFactor } = this.fixture;
    await this.broker.admin.createTopics([{ topic, partitions, replicationFactor, config }]);
    return topic;
  }

  /** A group that stands at the beginning of each partition of these topics. */
  async groupAtStart(...topics: readonly string[]): Promise<string> {
    const groupId = this.freshName();
    for (const topic of topics) {
      const ranges = await this.broker.admin.offsetRanges(topic);
      const start = ranges.map(({ partition, low }) => ({ topic, partition, offset: low, metadata: '' }));
      await this.broker.admin.setCommittedOffsets(groupId, start);
    }
    return groupId;
  }

  async producer(options?: ProducerOptions): Promise<RecordProducer> {
    const producer = await this.broker.createProducer(options);
    this.#producers.push(producer);
    return producer;
  }

  /** Sends one record per text and partition, all at once, and waits for the acknowledgements. */
  async fill(topic: string, partition: number, texts: readonly (string | number)[]): Promise<void> {
    this.#filler ??= await this.broker.createProducer();
    const filler = this.#filler;
    await Promise.all(texts.map((text) => filler.send(recordOf(topic, { partition, text: String(text) }))));
  }

  /** A member that is not running yet; stopped, and held to the port's promises, after the test. */
  newMember(groupId: string, topics: readonly string[], broker: Broker = this.broker): Member {
    const consumer = broker.createConsumer({ groupId, topics, maxWaitMs: 100, sessionTimeoutMs: 10_000 });
    const member = new Member(consumer);
    this.#members.push(member);
    return member;
  }

  /** A member with its first assignment. */
  async member(groupId: string, topics: readonly string[], broker?: Broker): Promise<Member> {
    const member = this.newMember(groupId, topics, broker);
    await member.consumer.run(member);
    return member;
  }

  /** Two members of one group that both have a share of the topics. */
  async pair(
    groupId: string,
    topics: readonly string[],
    broker?: Broker,
  ): Promise<readonly [Member, Member]> {
    const first = await this.member(groupId, topics);
    const second = await this.member(groupId, topics, broker);
    const shared = (member: Member): boolean => member.owned.length > 0;
    await second.until('a share for the second member', shared);
    await first.until('the rest for the first member', (member) => {
      return shared(member) && member.owned.every((at) => !second.owned.includes(at));
    });
    return [first, second];
  }

  /** All records of a partition. */
  async log(topic: string, partition = 0): Promise<readonly ConsumedRecord[]> {
    const ranges = await this.broker.admin.offsetRanges(topic);
    const range = ranges.find((one) => one.partition === partition);
    if (range === undefined) throw new Error(`${topic} has no partition ${partition}`);
    const records: ConsumedRecord[] = [];
    await this.broker.admin.read({ topic, partition, from: range.low, to: range.high }, (record) => {
      return records.push(record) > 0;
    });
    return records;
  }

  /** The record at a position. */
  async recordAt({ topic, partition, offset }: RecordPosition): Promise<ConsumedRecord> {
    const records: ConsumedRecord[] = [];
    await this.broker.admin.read({ topic, partition, from: offset, to: offset + 1n }, (record) => {
      return records.push(record) > 0;
    });
    const [record] = records;
    if (record === undefined) throw new Error(`nothing at ${topic}/${partition}/${offset}`);
    return record;
  }

  async committed(groupId: string, topic: string): Promise<Readonly<Record<number, bigint>>> {
    const offsets = await this.broker.admin.committedOffsets(groupId, topic);
    return Object.fromEntries(offsets.map(({ partition, offset }) => [partition, offset]));
  }

  async #tidyUp(): Promise<void> {
    await endFaults(this.fixture.features);
    const members = this.#members;
    const producers = this.#producers;
    this.#members = [];
    this.#producers = [];
    const brokers = this.#brokers;
    this.#brokers = [];
    await Promise.all(members.map((member) => member.consumer.stop()));
    await Promise.all(producers.map((producer) => producer.close()));
    await Promise.all(brokers.map((broker) => broker.close()));
    for (const member of members) member.expectKeptPromises();
  }
}
