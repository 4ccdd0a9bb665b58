import { createRequire } from 'node:module';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type ProducePart, produce } from '../../../../src/broker/kafka/produce-request.ts';
import { brokerOn, FakeConnection, produceAnswer } from './fake-connection.ts';

interface Encoder {
  readonly buffer: Buffer;
  writeInt16(value: number): Encoder;
  writeInt32(value: number): Encoder;
  writeString(value: string | null): Encoder;
  writeBytes(value: Buffer): Encoder;
}

const require = createRequire(import.meta.url);
const Encoder: new () => Encoder = require('kafkajs/src/protocol/encoder');
const framed: (request: {
  readonly correlationId: number;
  readonly clientId: string;
  readonly request: {
    readonly apiKey: number;
    readonly apiVersion: number;
    encode(): Promise<Encoder>;
  };
}) => Promise<Encoder> = require('kafkajs/src/protocol/request');

/** The request as kafkajs encodes and frames it. */
const asKafkajs = async (parts: readonly ProducePart[], timeoutMs: number): Promise<Buffer> => {
  const topics = [...new Set(parts.map(({ at }) => at.topic))];
  const encode = async (): Promise<Encoder> => {
    const encoder = new Encoder().writeString(null).writeInt16(-1).writeInt32(timeoutMs);
    encoder.writeInt32(topics.length);
    for (const topic of topics) {
      const ofTopic = parts.filter(({ at }) => at.topic === topic);
      encoder.writeString(topic).writeInt32(ofTopic.length);
      for (const { at, batch } of ofTopic) encoder.writeInt32(at.partition).writeBytes(batch);
    }
    return encoder;
  };
  const request = { apiKey: 0, apiVersion: 7, encode };
  return (await framed({ correlationId: 7, clientId: 'esteira-test', request })).buffer;
};

const part = fc.record({
  at: fc.record({
    topic: fc.constantFrom('app.telemetry', 'app.orders.dead', 'caf\u00e9'),
    partition: fc.integer({ min: 0, max: 70_000 }),
  }),
  batch: fc.uint8Array({ maxLength: 3_000 }).map((bytes) => Buffer.from(bytes)),
});

const ROW = { topic: 'app.telemetry', partition: 3, errorCode: 0, baseOffset: 2n ** 40n };

it('a request has the bytes that kafkajs gives it', async () => {
  const parts = fc.array(part, { minLength: 1, maxLength: 9 });
  await fc.assert(
    fc.asyncProperty(parts, fc.integer({ min: 1, max: 2 ** 31 - 1 }), async (asked, timeoutMs) => {
      let written = Buffer.alloc(0);
      const connection = new FakeConnection((request) => {
        written = Buffer.from(request);
        return produceAnswer([]);
      });
      await produce(brokerOn(connection), asked, timeoutMs);
      expect(written.equals(await asKafkajs(asked, timeoutMs))).toBe(true);
    }),
  );
});

it('an answer is read row by row, and its throttling heeded', async () => {
  const refused = { topic: 'caf\u00e9', partition: 0, errorCode: 6, baseOffset: -1n };
  const connection = new FakeConnection(() => produceAnswer([ROW, refused], 250));
  expect(await produce(brokerOn(connection), [], 1_000)).toEqual([ROW, refused]);
  expect(connection.throttles).toEqual([250]);
});

it('an answer that is cut off is an error', async () => {
  const connection = new FakeConnection(() => produceAnswer([ROW]).subarray(0, 30));
  await expect(produce(brokerOn(connection), [], 1_000)).rejects.toThrow(RangeError);
});

it('whoever must show a password does so first, and again when it has run out', async () => {
  const connection = new FakeConnection(() => produceAnswer([]));
  connection.sasl = {};
  await produce(brokerOn(connection), [], 1_000);
  await produce(brokerOn(connection), [], 1_000);
  expect(connection.calls).toEqual(['authenticate', 'write', 'write']);
  connection.calls.length = 0;
  await produce(brokerOn(connection), [], 1_000);
  expect(connection.calls).toEqual(['authenticate', 'write']);
});

it('nothing is written to a connection that is gone', async () => {
  const connection = new FakeConnection(() => produceAnswer([]));
  connection.isConnected = false;
  await expect(produce(brokerOn(connection), [], 1_000)).rejects.toThrow('Not connected');
  expect(connection.calls).toEqual([]);
});
