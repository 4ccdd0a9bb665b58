import type { TopicPartition } from '../../core/record.ts';
import type { RawRequest } from './client-internals.ts';

/** What the broker answered for one partition of a produce request. */
export interface ProduceRow extends TopicPartition {
  readonly errorCode: number;
  readonly baseOffset: bigint;
}

const PRODUCE_API_KEY = 0;
/** Understood by Kafka 2.1 and later, 4.x included. */
const PRODUCE_API_VERSION = 7;
const ALL_IN_SYNC_REPLICAS = -1;

/** What stands before the batch. */
const encodeFront = (at: TopicPartition, batch: Buffer, timeoutMs: number): Buffer => {
  const topicBytes = Buffer.byteLength(at.topic);
  const body = Buffer.alloc(2 + 2 + 4 + 4 + 2 + topicBytes + 4 + 4 + 4);
  let pos = body.writeInt16BE(-1, 0);
  pos = body.writeInt16BE(ALL_IN_SYNC_REPLICAS, pos);
  pos = body.writeInt32BE(timeoutMs, pos);
  pos = body.writeInt32BE(1, pos);
  pos = body.writeInt16BE(topicBytes, pos);
  pos += body.write(at.topic, pos, 'utf8');
  pos = body.writeInt32BE(1, pos);
  pos = body.writeInt32BE(at.partition, pos);
  body.writeInt32BE(batch.length, pos);
  return body;
};

/** Two buffers that kafkajs' encoder copies as if they were one: a batch may have 900 KiB. */
const joined = (front: Buffer, batch: Buffer): Pick<Buffer, 'length' | 'copy'> => ({
  length: front.length + batch.length,
  copy: (target, offset = 0) => front.copy(target, offset) + batch.copy(target, offset + front.length),
});

/** Bytes of one partition's answer: partition, error, base offset, append time, log start. */
const ROW_BYTES = 4 + 2 + 8 + 8 + 8;

const decodeRows = (answer: Buffer): { rows: ProduceRow[]; throttleMs: number } => {
  const rows: ProduceRow[] = [];
  let pos = 4;
  for (let topics = answer.readInt32BE(0); topics > 0; topics--) {
    const topicBytes = answer.readInt16BE(pos);
    const topic = answer.toString('utf8', pos + 2, pos + 2 + topicBytes);
    pos += 2 + topicBytes;
    let partitions = answer.readInt32BE(pos);
    pos += 4;
    for (; partitions > 0; partitions--, pos += ROW_BYTES) {
      const partition = answer.readInt32BE(pos);
      rows.push({
        topic,
        partition,
        errorCode: answer.readInt16BE(pos + 4),
        baseOffset: answer.readBigInt64BE(pos + 6),
      });
    }
  }
  return { rows, throttleMs: answer.readInt32BE(pos) };
};

/** A produce request for exactly one partition, acknowledged by all in-sync replicas; error codes are not thrown. */
export const produceRequest = (
  at: TopicPartition,
  batch: Buffer,
  timeoutMs: number,
): RawRequest<{ rows: ProduceRow[] }> => ({
  request: {
    apiKey: PRODUCE_API_KEY,
    apiVersion: PRODUCE_API_VERSION,
    apiName: 'Produce',
    encode: async () => {
      const front = encodeFront(at, batch, timeoutMs);
      const buffer = joined(front, batch);
      return { buf: front, buffer, size: () => buffer.length };
    },
  },
  response: {
    decode: async (answer) => {
      const { rows, throttleMs } = decodeRows(answer);
      return { rows, clientSideThrottleTime: throttleMs };
    },
    parse: async (decoded) => decoded,
  },
});
