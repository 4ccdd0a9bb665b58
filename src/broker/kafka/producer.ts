import type { Clock } from '../../core/clock.ts';
import { EsteiraError } from '../../core/errors.ts';
import type { PostAnswer, ProducerOptions, RecordProducer, SendOptions } from '../../core/ports/broker.ts';
import type { BrokerLog } from '../../core/ports/log.ts';
import type { OutgoingRecord, RecordPosition, TopicPartition } from '../../core/record.ts';
import { GuardedSender, type SenderLimits } from './guarded-sender.ts';
import { OpenSends } from './open-sends.ts';
import { PartitionCollector } from './partition-collector.ts';
import { PendingSend, type SendKeeper } from './pending-send.ts';
import type { ProducerIdentity, ProduceTransport } from './produce-transport.ts';
import { contentBytes, ownRecord } from './record-body.ts';
import { SendBuffer } from './send-buffer.ts';
import { TopicLanes } from './topic-lanes.ts';
import { TurnClock } from './turn-clock.ts';

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

const POST_OPTIONS: SendOptions = {};

/** A time Kafka can hold; what is none becomes the time of sending. */
const timestampOf = ({ timestampMs }: OutgoingRecord, nowMs: number): number =>
  timestampMs !== undefined && Number.isFinite(timestampMs) ? Math.trunc(timestampMs) : nowMs;

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
  readonly #options: ProducerOptions;
  readonly #buffer: SendBuffer;
  readonly #topics = new Map<string, TopicLanes>();
  readonly #sends = new OpenSends();
  readonly #keeper: SendKeeper;
  readonly #turn: TurnClock;
  #closing: Promise<void> | undefined;
  #isDown = false;
  #identity: Promise<ProducerIdentity> | undefined;

  constructor(wiring: ProducerWiring, options: ProducerOptions = {}) {
    this.#wiring = wiring;
    this.#options = options;
    this.#buffer = new SendBuffer(options.maxBufferedBytes ?? DEFAULT_BUFFERED_BYTES, wiring.clock);
    this.#turn = new TurnClock(wiring.clock);
    this.#keeper = {
      left: ({ bytes }) => this.#buffer.leave(bytes),
      answered: (send) => this.#sends.remove(send),
    };
  }

  send(record: OutgoingRecord, options: SendOptions = {}): Promise<RecordPosition> {
    return new Promise((resolve, reject) => {
      this.#take(record, options, (error, position) => {
        if (position === undefined) reject(error);
        else resolve(position);
      });
    });
  }

  post(record: OutgoingRecord, done: PostAnswer): void {
    this.#take(record, POST_OPTIONS, done);
  }

  #take(record: OutgoingRecord, options: SendOptions, done: PostAnswer): void {
    const { deadlineMs: patienceMs, mayWait = false } = options;
    const send = new PendingSend(contentBytes(record), mayWait, this.#keeper, done);
    this.#sends.add(send);
    // A deadline counts from the call; all else can do with the time of the turn.
    const nowMs = (patienceMs === undefined ? this.#turn : this.#wiring.clock).nowMs();
    if (this.#closing !== undefined) send.refuse(closedError());
    else if (!this.#buffer.enter(send.bytes)) this.#wait(record, patienceMs, send, nowMs);
    else {
      if (patienceMs !== undefined) this.#limit(send, patienceMs);
      this.#lanesOf(record.topic).add(record, timestampOf(record, nowMs), send, nowMs);
    }
  }

  /** For room. */
  #wait(record: OutgoingRecord, patienceMs: number | undefined, send: PendingSend, sinceMs: number): void {
    const own = patienceMs === undefined ? record : ownRecord(record);
    this.#buffer.wait({
      bytes: send.bytes,
      patienceMs,
      enter: () => {
        const nowMs = this.#wiring.clock.nowMs();
        if (patienceMs !== undefined) this.#limit(send, sinceMs + patienceMs - nowMs);
        this.#lanesOf(own.topic).add(own, timestampOf(own, sinceMs), send, nowMs);
      },
      refuse: (error) => send.refuse(error),
    });
  }

  flush(): Promise<void> {
    return this.#sends.allAnswered();
  }

  close(timeoutMs = DEFAULT_CLOSE_MS): Promise<void> {
    this.#closing ??= this.#shutDown(timeoutMs);
    return this.#closing;
  }

  #limit(send: PendingSend, leftMs: number): void {
    const late = (): void => send.answer(unknownFate('No acknowledgement in time'));
    send.onAnswer(this.#wiring.clock.after(leftMs, late));
  }

  #lanesOf(topic: string): TopicLanes {
    const known = this.#topics.get(topic);
    if (known !== undefined) return known;
    const { clock, limits, transport } = this.#wiring;
    const lanes = new TopicLanes(topic, {
      clock,
      unknownTopicGraceMs: limits.unknownTopicGraceMs,
      partitions: () => transport.partitions(topic),
      forget: () => transport.forget(topic),
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
    const { gather } = this.#options;
    return new PartitionCollector(at, {
      clock: this.#wiring.clock,
      lingerMs: this.#options.lingerMs ?? 0,
      gatherMs: gather?.topics.includes(at.topic) === true ? gather.ms : 0,
      write: (batch) => sender.write(batch),
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
