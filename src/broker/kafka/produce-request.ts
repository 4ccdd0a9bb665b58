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

/** A batch and where it goes. */
export interface ProducePart {
  readonly at: TopicPartition;
  readonly batch: Buffer;
}

const encodeHead = (topics: number, timeoutMs: number): Buffer => {
  const head = Buffer.alloc(2 + 2 + 4 + 4);
  let pos = head.writeInt16BE(-1, 0);
  pos = head.writeInt16BE(ALL_IN_SYNC_REPLICAS, pos);
  pos = head.writeInt32BE(timeoutMs, pos);
  head.writeInt32BE(topics, pos);
  return head;
};

const encodeTopic = (topic: string, partitions: number): Buffer => {
  const bytes = Buffer.byteLength(topic);
  const front = Buffer.alloc(2 + bytes + 4);
  let pos = front.writeInt16BE(bytes, 0);
  pos += front.write(topic, pos, 'utf8');
  front.writeInt32BE(partitions, pos);
  return front;
};

const encodePartition = ({ at, batch }: ProducePart): Buffer => {
  const front = Buffer.alloc(4 + 4);
  front.writeInt32BE(batch.length, front.writeInt32BE(at.partition, 0));
  return front;
};

const encodeBody = (parts: readonly ProducePart[], timeoutMs: number): readonly Buffer[] => {
  const byTopic = new Map<string, ProducePart[]>();
  for (const part of parts) {
    const ofTopic = byTopic.get(part.at.topic);
    if (ofTopic === undefined) byTopic.set(part.at.topic, [part]);
    else ofTopic.push(part);
  }
  const pieces = [encodeHead(byTopic.size, timeoutMs)];
  for (const [topic, ofTopic] of byTopic) {
    pieces.push(encodeTopic(topic, ofTopic.length));
    for (const part of ofTopic) pieces.push(encodePartition(part), part.batch);
  }
  return pieces;
};

/** Many buffers that kafkajs' encoder copies as if they were one: a batch may have 900 KiB. */
const joined = (pieces: readonly Buffer[]): Pick<Buffer, 'length' | 'copy'> => ({
  length: pieces.reduce((sum, { length }) => sum + length, 0),
  copy: (target, offset = 0) => {
    let pos = offset;
    for (const piece of pieces) pos += piece.copy(target, pos);
    return pos - offset;
  },
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

/** A produce request, a part for each partition, acknowledged by all in-sync replicas; error codes are not thrown. */
export const produceRequest = (
  parts: readonly ProducePart[],
  timeoutMs: number,
): RawRequest<{ rows: ProduceRow[] }> => ({
  request: {
    apiKey: PRODUCE_API_KEY,
    apiVersion: PRODUCE_API_VERSION,
    apiName: 'Produce',
    encode: async () => {
      const pieces = encodeBody(parts, timeoutMs);
      const buffer = joined(pieces);
      return { buf: pieces[0] ?? Buffer.alloc(0), buffer, size: () => buffer.length };
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
