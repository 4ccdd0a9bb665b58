import { createRequire } from 'node:module';
import type { ProduceRow } from '../../../../src/broker/kafka/produce-request.ts';
import type { TopicPartition } from '../../../../src/core/record.ts';

interface DecodedBatch {
  readonly records: readonly {
    readonly key: Buffer | null;
    readonly value: Buffer | null;
    readonly timestamp: string;
  }[];
}

const require = createRequire(import.meta.url);
const Decoder: new (bytes: Buffer) => unknown = require('kafkajs/src/protocol/decoder');
const decodeBatch: (
  decoder: unknown,
) => Promise<DecodedBatch> = require('kafkajs/src/protocol/recordBatch/v0/decoder');

interface ProducerState {
  readonly batches: { readonly first: number; readonly last: number; readonly baseOffset: bigint }[];
}

/** What stands in the log, as text. */
export interface Written {
  readonly text: string;
  readonly timestampMs: number;
}

const OUT_OF_ORDER = 45;
/** Batches of a producer a broker remembers for each partition. */
const REMEMBERED = 5;

/** One partition that deals with producer ids and sequences as a broker does: repeats are recognised, gaps refused. */
export class IdempotentLog {
  readonly written: Written[] = [];
  readonly producerIds: bigint[] = [];
  readonly #producers = new Map<bigint, ProducerState>();

  /** Forgets all producers, as a log that lost its end does. */
  forgetProducers(): void {
    for (const producer of this.#producers.values())
      producer.batches.splice(0, REMEMBERED, { first: -9, last: -9, baseOffset: 0n });
  }

  async append(at: TopicPartition, batch: Buffer): Promise<ProduceRow> {
    const producerId = batch.readBigInt64BE(43);
    const first = batch.readInt32BE(53);
    const last = first + batch.readInt32BE(57) - 1;
    const producer = this.#producers.get(producerId) ?? { batches: [] };
    this.#producers.set(producerId, producer);
    const repeated = producer.batches.find((one) => one.first === first && one.last === last);
    if (repeated !== undefined) return { ...at, errorCode: 0, baseOffset: repeated.baseOffset };
    const before = producer.batches.at(-1);
    if (before !== undefined && first !== before.last + 1)
      return { ...at, errorCode: OUT_OF_ORDER, baseOffset: -1n };
    const baseOffset = BigInt(this.written.length);
    producer.batches.push({ first, last, baseOffset });
    if (producer.batches.length > REMEMBERED) producer.batches.shift();
    if (this.producerIds.at(-1) !== producerId) this.producerIds.push(producerId);
    await this.#write(batch);
    return { ...at, errorCode: 0, baseOffset };
  }

  async #write(batch: Buffer): Promise<void> {
    const { records } = await decodeBatch(new Decoder(batch));
    for (const { value, timestamp } of records)
      this.written.push({ text: String(value), timestampMs: Number(timestamp) });
  }
}
