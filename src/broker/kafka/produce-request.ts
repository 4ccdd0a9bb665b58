import type { TopicPartition } from '../../core/record.ts';
import type { RawBroker, RawConnection } from './client-internals.ts';

/** What the broker answered for one partition of a produce request. */
export interface ProduceRow extends TopicPartition {
  readonly errorCode: number;
  readonly baseOffset: bigint;
}

const PRODUCE_API_KEY = 0;
/** Understood by Kafka 2.1 and later, 4.x included. */
const PRODUCE_API_VERSION = 7;
const ALL_IN_SYNC_REPLICAS = -1;
/** kafkajs keeps two connections to a broker; the other one is for fetches. */
const NOT_FOR_FETCHES = 0;

/** A batch and where it goes. */
export interface ProducePart {
  readonly at: TopicPartition;
  readonly batch: Buffer;
}

/** Size, key, version, number and length of the client's name; then transaction, acknowledgements, wait and topics. */
const FIXED_BYTES = 4 + 2 + 2 + 4 + 2 + (2 + 2 + 4 + 4);
/** The lengths of a topic's name and of its partitions. */
const TOPIC_BYTES = 2 + 4;
/** The number of a partition and the length of its batch. */
const PART_BYTES = 4 + 4;

const byTopic = (parts: readonly ProducePart[]): ReadonlyMap<string, ProducePart[]> => {
  const topics = new Map<string, ProducePart[]>();
  for (const part of parts) {
    const ofTopic = topics.get(part.at.topic);
    if (ofTopic === undefined) topics.set(part.at.topic, [part]);
    else ofTopic.push(part);
  }
  return topics;
};

const sizeOf = (clientId: string, topics: ReadonlyMap<string, readonly ProducePart[]>): number => {
  let size = FIXED_BYTES + Buffer.byteLength(clientId);
  for (const [topic, parts] of topics) {
    size += TOPIC_BYTES + Buffer.byteLength(topic);
    for (const { batch } of parts) size += PART_BYTES + batch.length;
  }
  return size;
};

const writeText = (target: Buffer, pos: number, text: string): number => {
  const end = pos + 2 + target.write(text, pos + 2, 'utf8');
  target.writeInt16BE(end - pos - 2, pos);
  return end;
};

/** The request as it goes to the socket, in one buffer: kafkajs' own framing copies the batches twice. */
const encode = (
  { clientId }: RawConnection,
  correlationId: number,
  parts: readonly ProducePart[],
  timeoutMs: number,
): Buffer => {
  const topics = byTopic(parts);
  const request = Buffer.allocUnsafeSlow(sizeOf(clientId, topics));
  let pos = request.writeInt32BE(request.length - 4, 0);
  pos = request.writeInt16BE(PRODUCE_API_KEY, pos);
  pos = request.writeInt16BE(PRODUCE_API_VERSION, pos);
  pos = request.writeInt32BE(correlationId, pos);
  pos = writeText(request, pos, clientId);
  pos = request.writeInt16BE(-1, pos);
  pos = request.writeInt16BE(ALL_IN_SYNC_REPLICAS, pos);
  pos = request.writeInt32BE(timeoutMs, pos);
  pos = request.writeInt32BE(topics.size, pos);
  for (const [topic, ofTopic] of topics) {
    pos = request.writeInt32BE(ofTopic.length, writeText(request, pos, topic));
    for (const { at, batch } of ofTopic) {
      pos = request.writeInt32BE(batch.length, request.writeInt32BE(at.partition, pos));
      request.set(batch, pos);
      pos += batch.length;
    }
  }
  return request;
};

/** Bytes of one partition's answer: partition, error, base offset, append time, log start. */
const ROW_BYTES = 4 + 2 + 8 + 8 + 8;

const decodeRows = (answer: Buffer): { rows: readonly ProduceRow[]; throttleMs: number } => {
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

/** Writes to the connection when its queue says so, and waits for the answer; the queue knows time-outs and throttling. */
const exchange = (
  connection: RawConnection,
  encoded: (correlationId: number) => Buffer,
): Promise<{ payload: Buffer }> =>
  new Promise((resolve, reject) => {
    connection.failIfNotConnected();
    const correlationId = connection.nextCorrelationId();
    const request = encoded(correlationId);
    const api = { apiKey: PRODUCE_API_KEY, apiName: 'Produce', apiVersion: PRODUCE_API_VERSION };
    connection.requestQueue.push({
      entry: { ...api, correlationId, resolve, reject },
      expectResponse: true,
      requestTimeout: null,
      sendRequest: () => connection.socket.write(request),
    });
  });

/**
 * One produce request, a part for each partition, acknowledged by all in-sync replicas; error codes are not thrown. Goes
 * over kafkajs' connection and its queue of requests as kafkajs' own do, but for the framing.
 */
export const produce = async (
  broker: RawBroker,
  parts: readonly ProducePart[],
  timeoutMs: number,
): Promise<readonly ProduceRow[]> => {
  const connection = await broker.connectionPool.getConnection(NOT_FOR_FETCHES);
  if (connection.sasl && !connection.isAuthenticated()) await connection.authenticate();
  const { payload } = await exchange(connection, (correlationId) =>
    encode(connection, correlationId, parts, timeoutMs),
  );
  const { rows, throttleMs } = decodeRows(payload);
  connection.requestQueue.maybeThrottle(throttleMs);
  return rows;
};
