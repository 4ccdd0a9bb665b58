import type { PostAnswer, RecordProducer, SendOptions } from '../../core/ports/broker.ts';
import type { OutgoingRecord, RecordPosition } from '../../core/record.ts';
import { OTHER } from './label-value.ts';
import type { Count, MetricFamilies } from './metric-families.ts';

/** A producer that counts what it is given, by topic. */
class CountingProducer implements RecordProducer {
  readonly #producer: RecordProducer;
  readonly #countOf: (topic: string) => Count;

  constructor(producer: RecordProducer, countOf: (topic: string) => Count) {
    this.#producer = producer;
    this.#countOf = countOf;
  }

  send(record: OutgoingRecord, options?: SendOptions): Promise<RecordPosition> {
    this.#countOf(record.topic).value += 1;
    return this.#producer.send(record, options);
  }

  post(record: OutgoingRecord, done: PostAnswer): void {
    this.#countOf(record.topic).value += 1;
    this.#producer.post(record, done);
  }

  flush(): Promise<void> {
    return this.#producer.flush();
  }

  close(timeoutMs?: number): Promise<void> {
    return this.#producer.close(timeoutMs);
  }
}

/**
 * Counts the records that a producer is given to send, by the conventions of OpenTelemetry for messaging. Only the
 * `topics` have a number of their own: a record may name its target itself.
 */
export const countSent = (
  families: MetricFamilies,
  producer: RecordProducer,
  topics: readonly string[],
): RecordProducer => {
  const family = families.counts('counter', {
    name: 'messaging_client_sent_messages_total',
    description:
      'Records given to the producer, those included that were refused or sent again by the caller.',
  });
  const of = (topic: string): Count =>
    family.of({
      messaging_system: 'kafka',
      messaging_operation_name: 'send',
      messaging_destination_name: topic,
    });
  const known = new Map<string, Count | undefined>(topics.map((topic) => [topic, undefined]));
  const countOf = (topic: string): Count => {
    const counted = known.get(topic);
    if (counted !== undefined) return counted;
    const label = known.has(topic) ? topic : OTHER;
    const made = known.get(label) ?? of(label);
    known.set(label, made);
    return made;
  };
  return new CountingProducer(producer, countOf);
};
