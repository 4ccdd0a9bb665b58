import { createRequire } from 'node:module';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { hardenClient } from '../../../../src/broker/kafka/client-patch.ts';
import { consumedRecord } from '../../../../src/broker/kafka/consumed-record.ts';
import { readOwnFetches } from '../../../../src/broker/kafka/fetch-answer.ts';
import { FetchedRecord } from '../../../../src/broker/kafka/fetched-record.ts';
import { RecordBatch, stampBatch } from '../../../../src/broker/kafka/record-batch.ts';
import { type ConsumedRecord, copyRecord, type HeaderEntry } from '../../../../src/core/record.ts';

const require = createRequire(import.meta.url);

beforeAll(hardenClient);

const bytes = fc.option(fc.uint8Array({ maxLength: 90 }).map((some) => Buffer.from(some)));
const headers = fc.array(
  fc.tuple(fc.constantFrom('ce_id', 'ce_type', 'x', '', 'constructor', 'ção', 'n'.repeat(70)), bytes),
  { maxLength: 5 },
);
const written = fc.record({
  key: bytes,
  value: bytes,
  headers,
  timestampMs: fc.oneof(
    fc.constant(-1),
    fc.integer({ min: 0, max: 2_000 }),
    fc.integer({ min: 0, max: 2 ** 43 }),
  ),
});

const batch = fc.record({
  records: fc.array(written, { minLength: 1, maxLength: 6 }),
  firstOffset: fc.bigInt({ min: 0n, max: 2n ** 60n }),
  producerId: fc.bigInt({ min: -1n, max: 3n }),
  attributes: fc.constantFrom(0, 0x08, 0x10, 0x18, 0x30),
});
type GivenBatch = typeof batch extends fc.Arbitrary<infer T> ? T : never;

const batchBytes = ({ records, firstOffset, producerId, attributes }: GivenBatch): Buffer => {
  const made = new RecordBatch();
  for (const { timestampMs, ...content } of records) made.add(content, timestampMs);
  const sealed = made.seal();
  stampBatch(sealed, { producerId, producerEpoch: 0, baseSequence: 0 });
  sealed.writeBigInt64BE(firstOffset, 0);
  sealed.writeInt16BE(attributes, 21);
  return sealed;
};

const int = (size: 2 | 4 | 8, value: number | bigint): Buffer => {
  const buffer = Buffer.alloc(8);
  buffer.writeBigInt64BE(BigInt(value));
  return buffer.subarray(8 - size);
};

/** An answer with one topic: each set is a partition, in which the first transaction from 5 on was aborted. */
const answerOf = (sets: readonly Buffer[], errorCode = 0): Buffer =>
  Buffer.concat([
    ...[int(4, 7), int(2, 0), int(4, 0), int(4, 1), int(2, 6), Buffer.from('events'), int(4, sets.length)],
    ...sets.flatMap((set, partition) => [
      ...[int(4, partition), int(2, errorCode), int(8, 900), int(8, 800), int(8, 1)],
      ...[int(4, 1), int(8, 2), int(8, 5), int(4, -1), int(4, set.length), set],
    ]),
  ]);

interface Asked {
  readonly request: { readonly apiKey: number; readonly apiVersion: number };
  readonly response: {
    decode(bytes: Buffer): Promise<Answered>;
    parse(decoded: Answered): Promise<Answered>;
  };
}

interface Answered {
  readonly responses: readonly {
    readonly topicName: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly messages: readonly Parameters<typeof consumedRecord>[1][];
    }[];
  }[];
}

const fetchRequest = (apiVersion = 11): Asked => ({
  request: { apiKey: 1, apiVersion },
  response: require('kafkajs/src/protocol/requests/fetch/v11/response'),
});

/** A cluster that answers every request with these bytes. */
const clusterOf = (answer: Buffer) => ({
  findBroker: async (_node: object) => ({
    connectionPool: {
      send: async ({ response }: Asked) => response.parse(await response.decode(answer)),
    },
  }),
});

const asked = async (answer: Buffer, isOurs: boolean, asking = fetchRequest()): Promise<Answered> => {
  const cluster = clusterOf(answer);
  if (isOurs) readOwnFetches(cluster);
  return (await cluster.findBroker({ nodeId: '1' })).connectionPool.send(asking);
};

const shownRecord = (record: ConsumedRecord) => ({
  at: `${record.topic}/${record.partition}/${record.offset}`,
  ...{ key: record.key, value: record.value, headers: record.headers, timestampMs: record.timestampMs },
});

/** What an answer says, whoever has read it; and what kafkajs makes of it for a reader of what is committed. */
const shown = ({ responses, ...rest }: Answered) => {
  const Batch = require('kafkajs/src/consumer/batch');
  return {
    rest,
    responses: responses.map(({ topicName, partitions }) =>
      partitions.map(({ messages, ...partition }) => {
        const read = messages.map((message) =>
          consumedRecord({ topic: topicName, partition: partition.partition }, message),
        );
        const made = new Batch(topicName, '4', { ...partition, messages });
        const handed: readonly { readonly offset: string }[] = made.messages;
        return {
          partition,
          records: read.map(shownRecord),
          handed: handed.map(({ offset }) => String(offset)),
          facts: [made.firstOffset(), made.lastOffset(), made.offsetLag(), made.isEmptyControlRecord()].map(
            String,
          ),
        };
      }),
    ),
  };
};

const sample = (records: number): Buffer =>
  batchBytes({
    records: Array.from({ length: records }, (_, index) => ({
      ...{ key: Buffer.from(`k${index}`), value: Buffer.from('v'), timestampMs: 1_000 + index },
      headers: [['ce_id', Buffer.from('e')] satisfies HeaderEntry],
    })),
    ...{ firstOffset: 10n, producerId: -1n, attributes: 0 },
  });

const messagesOf = (answered: Answered) => answered.responses[0]?.partitions[0]?.messages ?? [];

describe('the answer to a fetch', () => {
  it('says what kafkajs reads in it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(batch, { maxLength: 3 }), { maxLength: 3 }),
        fc.nat(),
        async (sets, cut) => {
          const whole = sets.map((batches) => Buffer.concat(batches.map(batchBytes)));
          // The last batch of a partition may be cut; before the 17th byte kafkajs fails of it.
          const cutSets = whole.map((set) => set.subarray(0, Math.max(17, set.length - (cut % 90))));
          for (const answer of [answerOf(whole), answerOf(cutSets)])
            expect(shown(await asked(answer, true))).toEqual(shown(await asked(answer, false)));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('is read by ours, and only on clusters of ours and in the version that is known', async () => {
    const answer = answerOf([sample(3)]);
    expect(messagesOf(await asked(answer, true)).every((one) => one instanceof FetchedRecord)).toBe(true);
    for (const read of [await asked(answer, false), await asked(answer, true, fetchRequest(10))])
      expect(messagesOf(read).some((one) => one instanceof FetchedRecord)).toBe(false);
  });

  it('that is compressed is unpacked by the codec of the client', async () => {
    const plain = sample(3);
    const gzip = require('kafkajs/src/protocol/message/compression/gzip');
    const packed = await gzip.compress({ buffer: plain.subarray(61) });
    const set = Buffer.concat([plain.subarray(0, 61), packed]);
    set.writeInt32BE(set.length - 12, 8);
    set.writeInt16BE(1, 21);
    const answer = answerOf([set]);
    expect(messagesOf(await asked(answer, true))[0]).toBeInstanceOf(FetchedRecord);
    expect(shown(await asked(answer, true))).toEqual(shown(await asked(answer, false)));
  });

  it('that holds an error is the error kafkajs makes of it', async () => {
    await expect(asked(answerOf([Buffer.alloc(0)], 1), true)).rejects.toMatchObject({
      name: 'KafkaJSOffsetOutOfRange',
      topic: 'events',
    });
  });

  // Whatever is odd is left to kafkajs, and what that throws is thrown.
  it('with any byte changed says what kafkajs reads in it, or fails as that does', async () => {
    const outcome = (answer: Buffer, isOurs: boolean) =>
      asked(answer, isOurs).then(shown, (error: unknown) => ({
        error: error instanceof Error && error.name,
      }));
    const sound = answerOf([sample(2)]);
    for (const at of [...Array(sound.length).keys()].filter((place) => place >= 61 && place !== 84)) {
      const answer = Buffer.from(sound);
      answer[at] = (answer[at] ?? 0) ^ 0x02;
      const own = await outcome(answer, true);
      if (!('error' in own)) expect(own, `byte ${at}`).toEqual(await outcome(answer, false));
    }
  });
});

describe('a fetched record', () => {
  it('is the same on bytes of its own, which do not change when the answer does', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(written, { minLength: 1, maxLength: 12 }), async (records) => {
        const answer = answerOf([batchBytes({ records, firstOffset: 3n, producerId: -1n, attributes: 0 })]);
        const plain = shown(await asked(answer, false)).responses[0]?.[0]?.records;
        const read = messagesOf(await asked(answer, true)).map((message) =>
          consumedRecord({ topic: 'events', partition: 0 }, message),
        );
        const kept = read.map((record) => copyRecord(copyRecord(record)));
        const expected = structuredClone(plain?.map(({ at }) => at));
        const texts = JSON.stringify(plain, (_, one) => (typeof one === 'bigint' ? String(one) : one));
        answer.fill(0xff);
        expect(
          JSON.stringify(kept.map(shownRecord), (_, one) => (typeof one === 'bigint' ? String(one) : one)),
        ).toBe(texts);
        expect(kept.map((one) => `${one.topic}/${one.partition}/${one.offset}`)).toEqual(expected);
        for (const one of kept) expect(one.bytes).toBe((one.key?.length ?? 0) + (one.value?.length ?? 0));
      }),
    );
  });

  it('of many bytes has a buffer of its own, and short ones never overlap', () => {
    const value = (index: number) => Buffer.alloc((index * 997) % 6_000, index);
    const made = new RecordBatch();
    for (let index = 0; index < 60; index++) made.add({ key: null, value: value(index), headers: [] }, 0);
    return asked(answerOf([made.seal()]), true).then((answered) => {
      const kept = messagesOf(answered).map((message) =>
        copyRecord(consumedRecord({ topic: 'events', partition: 0 }, message)),
      );
      expect(kept.map((record) => record.value)).toEqual(kept.map((_, index) => value(index)));
    });
  });
});
