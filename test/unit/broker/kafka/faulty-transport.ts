import type { ProduceRow } from '../../../../src/broker/kafka/produce-request.ts';
import { NotSent, type ProduceTransport } from '../../../../src/broker/kafka/produce-transport.ts';
import { partitionKey, type TopicPartition } from '../../../../src/core/record.ts';
import { IdempotentLog } from './idempotent-log.ts';

/** What happens to one attempt. */
export type Fault =
  | 'none'
  /** Written, and the answer never comes back. */
  | 'answer-lost'
  /** The connection breaks before anything was written. */
  | 'request-lost'
  /** Nothing left the process. */
  | 'not-sent'
  /** Written, and then leadership moved: refused all the same. */
  | 'written-then-refused'
  | 'row-missing'
  /** Not written, and the answer does not say so: what plain kafkajs loses records by. */
  | 'lost-without-a-row'
  | 'lost-with-the-row-of-another'
  /** Written, answered with a row too many. */
  | 'row-too-many'
  | 'row-without-offset'
  /** Written, and no answer, good or bad, ever. */
  | 'hangs'
  | { readonly code: number };

const NOT_LEADER = 6;
const TOO_LARGE = 10;

const lost = (): Error =>
  Object.assign(new Error('closed'), { name: 'KafkaJSConnectionClosedError', retriable: true });

/** Partitions with broker semantics behind a wire on which a test lets things go wrong. */
export class FaultyTransport implements ProduceTransport {
  readonly attempts: { readonly at: TopicPartition; readonly batch: Buffer }[] = [];
  readonly logs = new Map<string, IdempotentLog>();
  readonly #script: Fault[] = [];
  readonly #inFlight = new Set<string>();
  /** Faults when the script is used up. */
  fault: () => Fault = () => 'none';
  /** More records than this are refused as too large. */
  mostRecords = Number.POSITIVE_INFINITY;
  mostBytes = Number.POSITIVE_INFINITY;
  partitionCounts: () => Promise<readonly number[]> = async () => [0];
  mostAtOnce = 0;
  reconnects = 0;
  closed = false;
  #nextId = 100n;

  /** The next attempts go like this, one after the other. */
  will(...faults: readonly Fault[]): void {
    this.#script.push(...faults);
  }

  log(topic: string, partition = 0): IdempotentLog {
    const key = partitionKey({ topic, partition });
    const log = this.logs.get(key) ?? new IdempotentLog();
    this.logs.set(key, log);
    return log;
  }

  texts(topic: string, partition = 0): readonly string[] {
    return this.log(topic, partition).written.map(({ text }) => text);
  }

  async send(at: TopicPartition, batch: Buffer): Promise<readonly ProduceRow[]> {
    const key = partitionKey(at);
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#inFlight.has(key) ? 2 : 1);
    this.#inFlight.add(key);
    try {
      return await this.#answer(at, Buffer.from(batch));
    } finally {
      this.#inFlight.delete(key);
    }
  }

  async newProducerId(): Promise<{ producerId: bigint; producerEpoch: number }> {
    return { producerId: this.#nextId++, producerEpoch: 0 };
  }

  partitions(): Promise<readonly number[]> {
    return this.partitionCounts();
  }

  forget(): void {}

  reconnect(): void {
    this.reconnects++;
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  async #answer(at: TopicPartition, batch: Buffer): Promise<readonly ProduceRow[]> {
    this.attempts.push({ at, batch });
    const fault = this.#script.shift() ?? this.fault();
    if (fault === 'not-sent') throw new NotSent('no leader');
    if (fault === 'request-lost') throw lost();
    if (fault === 'lost-without-a-row') return [];
    if (fault === 'lost-with-the-row-of-another')
      return [{ topic: at.topic, partition: at.partition + 1, errorCode: 0, baseOffset: 7n }];
    if (typeof fault === 'object') return [{ ...at, errorCode: fault.code, baseOffset: -1n }];
    if (batch.readInt32BE(57) > this.mostRecords || batch.length > this.mostBytes)
      return [{ ...at, errorCode: TOO_LARGE, baseOffset: -1n }];
    return this.#written(fault, await this.log(at.topic, at.partition).append(at, batch));
  }

  async #written(fault: Fault, row: ProduceRow): Promise<readonly ProduceRow[]> {
    switch (fault) {
      case 'answer-lost':
        throw lost();
      case 'written-then-refused':
        return [{ ...row, errorCode: NOT_LEADER, baseOffset: -1n }];
      case 'row-missing':
        return [];
      case 'row-too-many':
        return [row, { ...row, errorCode: NOT_LEADER, baseOffset: -1n }];
      case 'row-without-offset':
        return [{ ...row, baseOffset: -1n }];
      case 'hangs':
        this.#inFlight.delete(partitionKey(row));
        return new Promise(() => undefined);
      default:
        return [row];
    }
  }
}
