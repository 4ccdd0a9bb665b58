import { describe, expect, it } from 'vitest';
import type { AskedTopic } from '../../../../src/broker/kafka/fetch-session.ts';
import { fetchBySessions } from '../../../../src/broker/kafka/session-fetch.ts';

interface Said {
  readonly sessionId: number;
  readonly sessionEpoch: number;
  readonly topics: readonly AskedTopic[];
  readonly maxWaitTime: number;
}

const topics = (fetchOffset = '5'): readonly AskedTopic[] => [
  {
    topic: 'events',
    partitions: [0, 1].map((partition) => ({ partition, fetchOffset, maxBytes: 1_024 })),
  },
];

const answerOf = (changes: object = {}) => ({ errorCode: 0, sessionId: 77, responses: [], ...changes });

const partitionOf = (partition: number, messages: readonly object[], preferredReadReplica = -1) => ({
  ...{ partition, messages, preferredReadReplica },
});

/** A broker of kafkajs whose connection gives these answers in turn; `own` counts fetches without a session. */
const brokerWith = (answers: (object | Error)[], apiVersion = 11) => {
  const said: Said[] = [];
  const seen = { said, own: 0, disconnects: 0 };
  const broker = {
    connectionPool: {
      send: async (asked: { readonly said: Said }) => {
        said.push(asked.said);
        const next = answers.shift();
        if (next instanceof Error) throw next;
        return next;
      },
    },
    lookupRequest: () => (options: Said) => ({
      request: { apiKey: 1, apiVersion },
      response: {},
      said: options,
    }),
    fetch: async (_request: object) => {
      seen.own += 1;
      return answerOf({ responses: ['by kafkajs'] });
    },
    disconnect: async () => {
      seen.disconnects += 1;
    },
  };
  const cluster = { findBroker: async (_node: object) => broker };
  fetchBySessions(cluster);
  const fetch = async (fetchOffset?: string) =>
    (await cluster.findBroker({ nodeId: '1' })).fetch({ maxWaitTime: 20, topics: topics(fetchOffset) });
  return { fetch, seen };
};

const epochs = ({ said }: { readonly said: readonly Said[] }) =>
  said.map(({ sessionId, sessionEpoch }) => [sessionId, sessionEpoch]);

describe('fetching by sessions', () => {
  it('goes on with the session that the broker names, and keeps what else is asked', async () => {
    const { fetch, seen } = brokerWith([answerOf(), answerOf(), answerOf()]);
    for (let round = 0; round < 3; round++) await fetch();
    expect(epochs(seen)).toEqual([
      [0, 0],
      [77, 1],
      [77, 2],
    ]);
    expect(seen.said[2]).toMatchObject({ topics: [], maxWaitTime: 20 });
    expect(seen.own).toBe(0);
  });

  it.each([70, 71])(
    'asks without one when the broker has ended it (error %i), then for a new one',
    async (errorCode) => {
      const { fetch, seen } = brokerWith([answerOf(), answerOf({ errorCode, sessionId: 0 }), answerOf()]);
      await fetch();
      expect(await fetch('6')).toMatchObject({ responses: ['by kafkajs'] });
      await fetch('6');
      expect(epochs(seen).at(-1)).toEqual([77, 0]);
      expect(seen.said.at(-1)?.topics[0]?.partitions).toHaveLength(2);
    },
  );

  it('begins anew after an answer that did not come, or told of an error', async () => {
    const { fetch, seen } = brokerWith([answerOf(), new Error('request timed out'), answerOf()]);
    await fetch();
    await expect(fetch()).rejects.toThrow('request timed out');
    await fetch();
    expect(epochs(seen)).toEqual([
      [0, 0],
      [77, 1],
      [77, 0],
    ]);
    expect(seen.disconnects).toBe(0);
  });

  it('closes what is left of a connection that has ended, as kafkajs does', async () => {
    const closed = Object.assign(new Error('closed'), { name: 'KafkaJSConnectionClosedError' });
    const { fetch, seen } = brokerWith([closed]);
    await expect(fetch()).rejects.toThrow('closed');
    expect(seen.disconnects).toBe(1);
  });

  it('leaves brokers before Kafka 2.3 to kafkajs', async () => {
    const { fetch, seen } = brokerWith([], 10);
    expect(await fetch()).toMatchObject({ responses: ['by kafkajs'] });
    expect(seen.said).toEqual([]);
  });

  it('leaves a broker that keeps no session to kafkajs for a hundred fetches, then asks it again', async () => {
    const { fetch, seen } = brokerWith([answerOf({ sessionId: 0 }), answerOf()]);
    for (let round = 0; round < 101; round++) await fetch();
    expect(seen).toMatchObject({ own: 100, said: [{ sessionEpoch: 0 }] });
    await fetch();
    expect(epochs(seen)).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  it('keeps a second fetch at the same time out of the session', async () => {
    const { fetch, seen } = brokerWith([answerOf(), answerOf()]);
    await Promise.all([fetch(), fetch()]);
    expect(seen).toMatchObject({ own: 1, said: [{ sessionEpoch: 0 }] });
  });

  it('hands over no partition that has nothing', async () => {
    const partitions = [partitionOf(0, []), partitionOf(1, [{}]), partitionOf(2, [], 3)];
    const responses = [
      { topicName: 'events', partitions },
      { topicName: 'quiet', partitions: [partitionOf(0, [])] },
    ];
    const { fetch } = brokerWith([answerOf({ responses })]);
    expect((await fetch()).responses).toEqual([{ topicName: 'events', partitions: partitions.slice(1) }]);
  });
});
