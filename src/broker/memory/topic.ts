import { EsteiraError } from '../../core/errors.ts';
import { partitionForKey } from '../../core/murmur2.ts';
import type { TopicDescription } from '../../core/ports/broker.ts';
import type { OutgoingRecord } from '../../core/record.ts';
import { PartitionLog } from './partition-log.ts';

/** Kafka's default of `max.message.bytes`. */
const DEFAULT_MAX_RECORD_BYTES = 1_048_588;

/** A topic of the memory broker: its description and its logs. */
export class MemoryTopic {
  readonly name: string;
  readonly #logs: PartitionLog[] = [];
  readonly #replicationFactor: number;
  #config: Readonly<Record<string, string>>;
  #nextKeyless = 0;

  constructor(description: TopicDescription) {
    this.name = description.topic;
    this.#addLogs(description.partitions);
    this.#replicationFactor = description.replicationFactor;
    this.#config = { ...description.config };
  }

  get logs(): readonly PartitionLog[] {
    return this.#logs;
  }

  /** Gives it more partitions. @throws EsteiraError ESTEIRA_BROKER_REFUSED when it has as many already, as Kafka does. */
  grow(partitions: number): void {
    if (partitions <= this.#logs.length) {
      throw new EsteiraError('ESTEIRA_BROKER_REFUSED', `topic ${this.name} cannot be made smaller`, {
        facts: { topic: this.name, partitions: this.#logs.length },
      });
    }
    this.#addLogs(partitions);
  }

  /** What the topic is now. */
  describe(): TopicDescription {
    return {
      topic: this.name,
      partitions: this.logs.length,
      replicationFactor: this.#replicationFactor,
      config: { ...this.#config },
    };
  }

  /** Sets these configuration keys; they hold for the next record. */
  configure(config: Readonly<Record<string, string>>): void {
    this.#config = { ...this.#config, ...config };
  }

  /** The largest record it takes, in bytes. */
  get maxRecordBytes(): number {
    const configured = this.#config['max.message.bytes'];
    return configured === undefined ? DEFAULT_MAX_RECORD_BYTES : Number(configured);
  }

  /** @throws EsteiraError ESTEIRA_TOPICS_DIFFER when there is no such partition. */
  log(partition: number): PartitionLog {
    const log = this.logs[partition];
    if (log !== undefined) return log;
    throw new EsteiraError('ESTEIRA_TOPICS_DIFFER', `topic ${this.name} has no partition ${partition}`, {
      facts: { topic: this.name, partition, partitions: this.logs.length },
    });
  }

  /** The log a record goes to: its own partition, that of its partition key or key, else the next in turn. */
  logFor(record: OutgoingRecord): PartitionLog {
    if (record.partition !== undefined) return this.log(record.partition);
    const key = record.partitionKey ?? record.key;
    if (key !== null) return this.log(partitionForKey(key, this.logs.length));
    this.#nextKeyless = (this.#nextKeyless + 1) % this.logs.length;
    return this.log(this.#nextKeyless);
  }

  /** The time a record gets: the broker's when the topic is configured so, else the producer's. */
  timestampOf(producerMs: number | undefined, nowMs: number): number {
    const brokerTime = this.#config['message.timestamp.type'] === 'LogAppendTime';
    return brokerTime ? nowMs : (producerMs ?? nowMs);
  }

  #addLogs(upTo: number): void {
    while (this.#logs.length < upTo) this.#logs.push(new PartitionLog(this.name, this.#logs.length));
  }
}
