import type { TopicPartition } from '../../core/record.ts';
import type { RawBroker } from './client-internals.ts';
import { type ProducePart, type ProduceRow, produce } from './produce-request.ts';

/** A request grows up to this; a batch larger than that goes alone, bytes. */
const MOST_BYTES = 1024 * 1024;

interface Waiting extends ProducePart {
  resolve(rows: readonly ProduceRow[]): void;
  reject(error: unknown): void;
}

interface Bundle {
  readonly parts: Waiting[];
  bytes: number;
}

/**
 * What leaves for one broker in the same turn of the event loop travels in one request: for the broker, and for
 * kafkajs, a request costs as much as a hundred records. Each partition is still answered by its own row; an error of
 * the request is one of all its parts.
 */
export class ProduceBundles {
  readonly #timeoutMs: number;
  readonly #open = new Map<RawBroker, Bundle>();

  /** `timeoutMs`: how long the broker may wait for its replicas. */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** Resolves with the rows the broker gave for this partition: exactly one, if all is well. */
  send(broker: RawBroker, at: TopicPartition, batch: Buffer): Promise<readonly ProduceRow[]> {
    return new Promise((resolve, reject) => {
      this.#add(broker, { at, batch, resolve, reject });
    });
  }

  #add(broker: RawBroker, part: Waiting): void {
    const open = this.#open.get(broker);
    if (open !== undefined && open.bytes + part.batch.length <= MOST_BYTES) {
      open.parts.push(part);
      open.bytes += part.batch.length;
      return;
    }
    const bundle = { parts: [part], bytes: part.batch.length };
    this.#open.set(broker, bundle);
    setImmediate(() => {
      if (this.#open.get(broker) === bundle) this.#open.delete(broker);
      void this.#leave(broker, bundle.parts);
    });
  }

  async #leave(broker: RawBroker, parts: readonly Waiting[]): Promise<void> {
    try {
      const rows = await produce(broker, parts, this.#timeoutMs);
      // An answer with a row too many or too few is none: each part is sent again, and known again by the broker.
      const answers = rows.length === parts.length ? rows : [];
      for (const { at, resolve } of parts)
        resolve(answers.filter(({ topic, partition }) => topic === at.topic && partition === at.partition));
    } catch (error) {
      for (const { reject } of parts) reject(error);
    }
  }
}
