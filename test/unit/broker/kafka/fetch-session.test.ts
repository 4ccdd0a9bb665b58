import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AskedTopic,
  FetchSession,
  type SessionRequest,
} from '../../../../src/broker/kafka/fetch-session.ts';

/** A broker's memory of one session, by KIP-227. */
class BrokerMemory {
  readonly partitions = new Map<string, string>();
  #id = 0;
  #epoch = 0;
  #sessions = 0;

  /** The session it answers with; undefined when it refuses the request. */
  take({ sessionId, sessionEpoch, topics, forgottenTopics }: SessionRequest): number | undefined {
    if (sessionEpoch === 0) {
      this.partitions.clear();
      this.#sessions += 1;
      this.#id = this.#sessions;
      this.#epoch = 0;
    } else if (sessionId !== this.#id || sessionEpoch !== this.#epoch) {
      return undefined;
    }
    this.#epoch = this.#epoch === 2 ** 31 - 1 ? 1 : this.#epoch + 1;
    for (const { topic, partitions } of forgottenTopics)
      for (const partition of partitions) this.partitions.delete(`${topic}/${partition}`);
    for (const [at, what] of shown(topics)) this.partitions.set(at, what);
    return this.#id;
  }

  forget(): void {
    this.#id = -1;
  }
}

const shown = (topics: readonly AskedTopic[]): readonly (readonly [string, string])[] =>
  topics.flatMap(({ topic, partitions }) =>
    partitions.map(
      ({ partition, fetchOffset, maxBytes }) =>
        [`${topic}/${partition}`, `${fetchOffset} ${maxBytes}`] as const,
    ),
  );

const sorted = (entries: Iterable<readonly [string, string]>) =>
  [...entries].sort(([a], [b]) => (a < b ? -1 : 1));

const askedTopics = fc.uniqueArray(
  fc.record({
    topic: fc.constantFrom('events', 'waiting', 'constructor'),
    partitions: fc.uniqueArray(
      fc.record({
        partition: fc.integer({ min: 0, max: 4 }),
        fetchOffset: fc.constantFrom('0', '1', '9007199254740993'),
        maxBytes: fc.constantFrom(1_024, 2_048),
      }),
      { selector: ({ partition }) => partition, minLength: 1, maxLength: 5 },
    ),
  }),
  { selector: ({ topic }) => topic, minLength: 1, maxLength: 3 },
);

const one = (fetchOffset: string, topic = 'events'): readonly AskedTopic[] => [
  { topic, partitions: [{ partition: 0, fetchOffset, maxBytes: 1_024 }] },
];

describe('FetchSession', () => {
  it('leaves the broker with exactly what is asked for, whatever is lost in between', () => {
    const step = fc.record({
      topics: askedTopics,
      fate: fc.constantFrom('answered', 'answered', 'answered', 'request lost', 'answer lost', 'evicted'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const broker = new BrokerMemory();
        const session = new FetchSession();
        for (const { topics, fate } of steps) {
          if (fate === 'evicted') broker.forget();
          const request = session.request(topics);
          session.lost();
          if (fate === 'request lost') continue;
          const sessionId = broker.take(request);
          if (fate === 'answer lost' || sessionId === undefined) continue;
          session.answered(request, sessionId);
          expect(sorted(broker.partitions)).toEqual(sorted(shown(topics)));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('says nothing of what has not changed', () => {
    const session = new FetchSession();
    const first = session.request(one('5'));
    expect(first).toMatchObject({ sessionId: 0, sessionEpoch: 0, topics: one('5') });
    session.answered(first, 77);
    expect(session.request(one('5'))).toEqual({
      ...{ sessionId: 77, sessionEpoch: 1, topics: [], forgottenTopics: [] },
    });
  });

  it('names again what was paused in between, though its offset is the same', () => {
    const session = new FetchSession();
    const ask = (topics: readonly AskedTopic[]): SessionRequest => {
      const request = session.request(topics);
      session.answered(request, 77);
      return request;
    };
    ask([...one('5'), ...one('8', 'waiting')]);
    expect(ask(one('5')).forgottenTopics).toEqual([{ topic: 'waiting', partitions: [0] }]);
    expect(ask([...one('5'), ...one('8', 'waiting')]).topics).toEqual(one('8', 'waiting'));
  });

  it('says everything each time to a broker that keeps no session', () => {
    const session = new FetchSession();
    for (let round = 0; round < 3; round++) {
      const request = session.request(one('5'));
      expect(request).toMatchObject({ sessionId: 0, sessionEpoch: 0, topics: one('5') });
      session.answered(request, 0);
    }
  });

  it('begins its epochs again behind the last one', () => {
    const session = new FetchSession();
    const first = { ...session.request(one('5')), sessionEpoch: 2 ** 31 - 1 };
    session.answered(first, 77);
    expect(session.request(one('6')).sessionEpoch).toBe(1);
  });
});
