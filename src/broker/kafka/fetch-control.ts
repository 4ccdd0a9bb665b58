import type { Consumer } from 'kafkajs';
import type { BrokerLog } from '../../core/ports/log.ts';
import type { TopicPartition } from '../../core/record.ts';
import { brokerError } from './errors.ts';

const toKafka = (partitions: readonly TopicPartition[]): { topic: string; partitions: number[] }[] =>
  partitions.map(({ topic, partition }) => ({ topic, partitions: [partition] }));

/**
 * Says what kafkajs fetches and from where. kafkajs throws while it is between two runs of the group; that is no
 * harm, as the next assignment sets everything anew.
 */
export class FetchControl {
  readonly #consumer: Consumer;
  readonly #isRunning: () => boolean;
  readonly #log: BrokerLog;

  constructor(consumer: Consumer, isRunning: () => boolean, log: BrokerLog) {
    this.#consumer = consumer;
    this.#isRunning = isRunning;
    this.#log = log;
  }

  /** Fetches nothing of these partitions. */
  pause(partitions: readonly TopicPartition[]): void {
    this.#act(() => this.#consumer.pause(toKafka(partitions)));
  }

  /** Fetches these partitions again. */
  resume(partitions: readonly TopicPartition[]): void {
    this.#act(() => this.#consumer.resume(toKafka(partitions)));
  }

  /** Fetches the partition from this offset on; what is on its way from elsewhere is dropped. */
  seek({ topic, partition }: TopicPartition, offset: bigint): void {
    this.#act(() => this.#consumer.seek({ topic, partition, offset: String(offset) }));
  }

  #act(act: () => void): void {
    if (!this.#isRunning()) return;
    try {
      act();
    } catch (error) {
      this.#log.info('the group is between two runs', brokerError('Cannot direct the fetch', error).facts);
    }
  }
}
