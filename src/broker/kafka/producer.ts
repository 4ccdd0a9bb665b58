import type { Clock } from '../../core/clock.ts';
import { EsteiraError } from '../../core/errors.ts';
import type { ProducerOptions, RecordProducer, SendOptions } from '../../core/ports/broker.ts';
import type { BrokerLog } from '../../core/ports/log.ts';
import type { OutgoingRecord, RecordPosition, TopicPartition } from '../../core/record.ts';
import { GuardedSender, type SenderLimits } from './guarded-sender.ts';
import { type OpenCall, OpenCalls } from './open-calls.ts';
import { PartitionCollector, type Pending } from './partition-collector.ts';
import type { ProducerIdentity, ProduceTransport } from './produce-transport.ts';
import { encodeRecordBody } from './record-batch.ts';
import { SendBuffer } from './send-buffer.ts';
import { TopicLanes } from './topic-lanes.ts';

/** Far enough below 2^31, where Kafka's sequence numbers wrap. */
const SEQUENCE_LIMIT = 2_000_000_000;
const DEFAULT_BUFFERED_BYTES = 32 * 1024 * 1024;
const DEFAULT_CLOSE_MS = 5_000;
/** How long connections may take to close, ms; kafkajs waits for their open requests. */
const DISCONNECT_MS = 1_000;

/** The limits of a producer whose single requests may take `requestTimeoutMs`. */
export const senderLimits = (requestTimeoutMs: number, connectionTimeoutMs: number): SenderLimits => ({
  attemptTimeoutMs: 2 * (requestTimeoutMs + connectionTimeoutMs),
  unknownTopicGraceMs: 15_000,
  sequenceLimit: SEQUENCE_LIMIT,
});

const unknownFate = (why: string): EsteiraError =>
  new EsteiraError(
    'ESTEIRA_PUBLISH_UNKNOWN',
    `${why}: the record may be written or not, publish it again under the same id.`,
  );

const closedError = (): EsteiraError => new EsteiraError('ESTEIRA_CLOSED', 'The producer is closed.');

const sizeOf = (record: OutgoingRecord): number => {
  let bytes = (record.key?.length ?? 0) + (record.value?.length ?? 0);
  for (const [name, value] of record.headers) bytes += Buffer.byteLength(name) + (value?.length ?? 0);
  return bytes;
};

const copyOf = (bytes: Buffer | null): Buffer | null => (bytes === null ? null : Buffer.from(bytes));

/** What a {@link KafkaProducer} stands on. */
export interface ProducerWiring {
  readonly transport: ProduceTransport;
  readonly clock: Clock;
  readonly log: BrokerLog;
  readonly limits: SenderLimits;
}

/** The producer; ADR 0002 says what it guards against. */
export class KafkaProducer implements RecordProducer {
  readonly #wiring: ProducerWiring;
  readonly #lingerMs: number;
  readonly #buffer: SendBuffer;
  readonly #topics = new Map<string, TopicLanes>();
  readonly #calls = new OpenCalls();
  #closing: Promise<void> | undefined;
  #isDown = false;
  #identity: Promise<ProducerIdentity> | undefined;

  constructor(wiring: ProducerWiring, options: ProducerOptions = {}) {
    this.#wiring = wiring;
    this.#lingerMs = options.lingerMs ?? 0;
    this.#buffer = new SendBuffer(options.maxBufferedBytes ?? DEFAULT_BUFFERED_BYTES, wiring.clock);
  }

  send(record: OutgoingRecord, { deadlineMs }: SendOptions = {}): Promise<RecordPosition> {
    return new Promise((resolve, reject) => {
      if (this.#closing !== undefined) return reject(closedError());
      const { clock } = this.#wiring;
      const untilMs = deadlineMs === undefined ? undefined : clock.nowMs() + deadlineMs;
      const bytes = sizeOf(record);
      const body = encodeRecordBody(record);
      const timestampMs = record.timestampMs ?? clock.nowMs();
      const { topic, partition } = record;
      const key = copyOf(record.partitionKey ?? record.key);
      const enter = (): void => {
        const call = this.#calls.open({ resolve, reject });
        if (untilMs !== undefined) this.#limit(call, untilMs - clock.nowMs());
        const pending = { body, timestampMs, bytes, ...this.#ends(topic, bytes, call) };
        this.#lanesOf(topic).add({ partition, key }, pending);
      };
      this.#buffer.enter({ bytes, patienceMs: deadlineMs, enter, refuse: reject });
    });
  }

  flush(): Promise<void> {
    return this.#calls.allSettled();
  }

  close(timeoutMs = DEFAULT_CLOSE_MS): Promise<void> {
    this.#closing ??= this.#shutDown(timeoutMs);
    return this.#closing;
  }

  #limit(call: OpenCall, leftMs: number): void {
    call.onSettled(
      this.#wiring.clock.after(leftMs, () => call.reject(unknownFate('No acknowledgement in time'))),
    );
  }

  #ends(topic: string, bytes: number, call: OpenCall): Pick<Pending, 'written' | 'failed'> {
    return {
      written: (partition, offset) => {
        this.#buffer.leave(bytes);
        call.resolve({ topic, partition, offset });
      },
      failed: (error) => {
        this.#buffer.leave(bytes);
        call.reject(error);
      },
    };
  }

  #lanesOf(topic: string): TopicLanes {
    const known = this.#topics.get(topic);
    if (known !== undefined) return known;
    const { clock, limits, transport } = this.#wiring;
    const lanes = new TopicLanes(topic, {
      clock,
      unknownTopicGraceMs: limits.unknownTopicGraceMs,
      partitions: () => transport.partitions(topic),
      createCollector: (at, onDeparture) => this.#createCollector(at, onDeparture),
      isClosed: () => this.#isDown,
    });
    this.#topics.set(topic, lanes);
    return lanes;
  }

  #createCollector(at: TopicPartition, onDeparture: () => void): PartitionCollector {
    const sender = new GuardedSender(at, {
      ...this.#wiring,
      firstIdentity: () => this.#firstIdentity(),
      isClosed: () => this.#isDown,
    });
    return new PartitionCollector(at, {
      write: (records) => sender.write(records),
      soon: (callback) =>
        void (this.#lingerMs > 0
          ? this.#wiring.clock.after(this.#lingerMs, callback)
          : setImmediate(callback)),
      onDeparture,
    });
  }

  #firstIdentity(): Promise<ProducerIdentity> {
    const asked = this.#identity ?? this.#wiring.transport.newProducerId();
    this.#identity = asked;
    asked.catch(() => {
      if (this.#identity === asked) this.#identity = undefined;
    });
    return asked;
  }

  async #shutDown(timeoutMs: number): Promise<void> {
    await this.#atMost(timeoutMs, this.flush());
    this.#isDown = true;
    this.#buffer.close(closedError());
    const error = unknownFate('The producer was closed');
    for (const lanes of this.#topics.values()) lanes.fail(error);
    this.#calls.rejectAll(error);
    await this.#atMost(DISCONNECT_MS, this.#wiring.transport.close());
  }

  async #atMost(limitMs: number, work: Promise<void>): Promise<void> {
    let cancel: () => void = () => undefined;
    const late = new Promise<void>((resolve) => {
      cancel = this.#wiring.clock.after(limitMs, resolve);
    });
    await Promise.race([work.catch(() => undefined), late]);
    cancel();
  }
}
