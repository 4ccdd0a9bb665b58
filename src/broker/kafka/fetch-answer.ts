import { type FetchedRecord, OddBytes } from './fetched-record.ts';
import { readRecordSet } from './record-set.ts';
import { teachBrokers } from './teach-brokers.ts';

/** The API key of fetches. */
export const FETCH = 1;
/** The version that is read here, of every broker since 2.3; the answers of older ones are left to kafkajs. */
export const FETCH_VERSION = 11;

/** What an answer holds of one partition. */
interface FetchedPartition {
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: string;
  readonly lastStableOffset: string;
  readonly lastStartOffset: string;
  readonly abortedTransactions: readonly { readonly producerId: string; readonly firstOffset: string }[];
  readonly preferredReadReplica: number;
  readonly messages: readonly FetchedRecord[];
}

/** An answer to a fetch, as kafkajs takes it. */
export interface FetchAnswer {
  readonly throttleTime: number;
  readonly clientSideThrottleTime: number;
  readonly errorCode: number;
  readonly sessionId: number;
  readonly responses: readonly {
    readonly topicName: string;
    readonly partitions: readonly FetchedPartition[];
  }[];
}

/** Reads an answer from front to back; beyond its end Node throws a RangeError. */
class Answer {
  readonly bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  int16(): number {
    this.at += 2;
    return this.bytes.readInt16BE(this.at - 2);
  }

  int32(): number {
    this.at += 4;
    return this.bytes.readInt32BE(this.at - 4);
  }

  int64(): string {
    this.at += 8;
    return String(this.bytes.readBigInt64BE(this.at - 8));
  }

  text(): string {
    const length = this.int16();
    this.at += length;
    return this.bytes.toString('utf8', this.at - length, this.at);
  }

  async list<T>(read: () => T | Promise<T>): Promise<T[]> {
    const items: T[] = [];
    for (let left = this.int32(); left > 0; left--) items.push(await read());
    return items;
  }
}

/** Where kafkajs finds nothing that it can read, such as half a set, there are no records. */
const readMessages = async (answer: Answer, topic: string, partition: number) => {
  const size = answer.int32();
  const start = answer.at;
  if (size <= 0 || start + size > answer.bytes.length) return [];
  answer.at += size;
  return readRecordSet({ topic, partition }, answer.bytes, start, answer.at);
};

const readPartition = async (answer: Answer, topic: string): Promise<FetchedPartition> => {
  const partition = answer.int32();
  return {
    partition,
    errorCode: answer.int16(),
    highWatermark: answer.int64(),
    lastStableOffset: answer.int64(),
    lastStartOffset: answer.int64(),
    abortedTransactions: await answer.list(() => ({
      producerId: answer.int64(),
      firstOffset: answer.int64(),
    })),
    preferredReadReplica: answer.int32(),
    messages: await readMessages(answer, topic, partition),
  };
};

const readAnswer = async (bytes: Buffer): Promise<FetchAnswer> => {
  const answer = new Answer(bytes);
  const clientSideThrottleTime = answer.int32();
  return {
    // As kafkajs: the broker has not waited, so the client does.
    throttleTime: 0,
    clientSideThrottleTime,
    errorCode: answer.int16(),
    sessionId: answer.int32(),
    responses: await answer.list(async () => {
      const topicName = answer.text();
      return { topicName, partitions: await answer.list(() => readPartition(answer, topicName)) };
    }),
  };
};

/** A request of kafkajs and what reads its answer. */
export interface Asked {
  readonly request: { readonly apiKey: number; readonly apiVersion: number };
  readonly response: { decode(bytes: Buffer): Promise<object>; parse(decoded: object): Promise<object> };
}

/** The connections of kafkajs to one broker. */
interface Pool {
  send(asked: Asked): Promise<object>;
}

const decodeBy = async (response: Asked['response'], bytes: Buffer): Promise<object> => {
  try {
    return await readAnswer(bytes);
  } catch (error) {
    if (error instanceof OddBytes || error instanceof RangeError) return response.decode(bytes);
    throw error;
  }
};

const teach = ({ connectionPool: pool }: { readonly connectionPool: Pool }): void => {
  const original = pool.send;
  pool.send = function (this: Pool, asked): Promise<object> {
    const { request, response } = asked;
    if (request.apiKey !== FETCH || request.apiVersion !== FETCH_VERSION) return original.call(this, asked);
    const own = {
      decode: (bytes: Buffer) => decodeBy(response, bytes),
      parse: (decoded: object) => response.parse(decoded),
    };
    return original.call(this, { ...asked, response: own });
  };
};

/**
 * Has what is fetched through a cluster of ours read into {@link FetchedRecord}s, which kafkajs takes for its messages.
 * What cannot be read here kafkajs reads itself, or throws its own errors of. Clusters of others stay as they are.
 */
export const readOwnFetches = teachBrokers(teach);
