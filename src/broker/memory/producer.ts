import type { Clock } from '../../core/clock.ts';
import { EsteiraError, isEsteiraError } from '../../core/errors.ts';
import type { PostAnswer, ProducerOptions, RecordProducer, SendOptions } from '../../core/ports/broker.ts';
import type { OutgoingRecord, RecordPosition } from '../../core/record.ts';
import type { MemoryCluster } from './cluster.ts';
import { PendingSend } from './pending-send.ts';
import type { MemoryTopic } from './topic.ts';

const DEFAULT_BUFFER_BYTES = 32 * 1024 * 1024;
const DEFAULT_CLOSE_MS = 5_000;

/** Writes to the logs of a cluster, a flight of records at each turn of the event loop. */
export class MemoryProducer implements RecordProducer {
  readonly #cluster: MemoryCluster;
  readonly #clock: Clock;
  readonly #maxBufferedBytes: number;
  readonly #lingerMs: number;
  readonly #unsubscribe: () => void;
  #bufferedBytes = 0;
  /** Calls that wait for room, in their order. */
  #waiting: PendingSend[] = [];
  #buffered: PendingSend[] = [];
  /** Written, with the acknowledgement held back by a fault switch. */
  #held: PendingSend[] = [];
  /** Calls that have no answer yet. */
  readonly #open = new Set<PendingSend>();
  /** Those who wait until all of theirs have an answer. */
  readonly #flushing = new Set<{ readonly calls: Set<PendingSend>; done(): void }>();
  #flightPlanned = false;
  /** While somebody waits for all to be written, nothing lingers. */
  #flushes = 0;
  #closing: Promise<void> | undefined;

  constructor(cluster: MemoryCluster, clock: Clock, options: ProducerOptions = {}) {
    this.#cluster = cluster;
    this.#clock = clock;
    this.#maxBufferedBytes = options.maxBufferedBytes ?? DEFAULT_BUFFER_BYTES;
    this.#lingerMs = options.lingerMs ?? 0;
    this.#unsubscribe = cluster.switches.whenReleased(() => this.#acknowledgeHeld());
  }

  send(record: OutgoingRecord, options: SendOptions = {}): Promise<RecordPosition> {
    return new Promise((resolve, reject) => {
      this.#take(record, options.deadlineMs, (error, position) => {
        if (position === undefined) reject(error);
        else resolve(position);
      });
    });
  }

  post(record: OutgoingRecord, done: PostAnswer): void {
    this.#take(record, undefined, done);
  }

  async flush(): Promise<void> {
    this.#flushes += 1;
    if (this.#buffered.length > 0) setImmediate(() => this.#fly());
    await this.#allAnswered();
    this.#flushes -= 1;
    // The callers hear it first.
    await new Promise((resolve) => setImmediate(resolve));
  }

  close(timeoutMs: number = DEFAULT_CLOSE_MS): Promise<void> {
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  async #close(timeoutMs: number): Promise<void> {
    let cancel = (): void => undefined;
    const expired = new Promise<void>((resolve) => {
      cancel = this.#clock.after(timeoutMs, resolve);
    });
    await Promise.race([this.flush(), expired]);
    cancel();
    this.#unsubscribe();
    this.#buffered = [];
    this.#waiting = [];
    for (const call of this.#open) call.fail(this.#unknown(call, 'the producer was closed'));
  }

  #take(record: OutgoingRecord, deadlineMs: number | undefined, done: PostAnswer): void {
    try {
      this.#enter(record, deadlineMs, done);
    } catch (error) {
      if (!isEsteiraError(error)) throw error;
      // Not at once: the caller has not its call behind it yet.
      setImmediate(done, error);
    }
  }

  #enter(record: OutgoingRecord, deadlineMs: number | undefined, done: PostAnswer): void {
    if (this.#closing !== undefined) throw new EsteiraError('ESTEIRA_CLOSED', 'the producer is closed');
    const topic = this.#cluster.topic(record.topic);
    const call = new PendingSend(topic, record, done, (answered) => this.#forget(answered));
    this.#refuseTooLarge(topic, call.bytes);
    const fits = this.#waiting.length === 0 && this.#bufferedBytes + call.bytes <= this.#maxBufferedBytes;
    const mayWait = deadlineMs !== undefined && call.bytes <= this.#maxBufferedBytes;
    if (!fits && !mayWait) throw this.#bufferFull();
    this.#open.add(call);
    if (fits) this.#accept(call);
    else this.#waiting.push(call);
    if (deadlineMs !== undefined) this.#limit(call, deadlineMs);
  }

  #refuseTooLarge(topic: MemoryTopic, bytes: number): void {
    const limit = topic.maxRecordBytes;
    if (bytes <= limit) return;
    throw new EsteiraError('ESTEIRA_RECORD_TOO_LARGE', `the record is larger than ${topic.name} allows`, {
      facts: { topic: topic.name, bytes, limit },
    });
  }

  #forget(answered: PendingSend): void {
    this.#open.delete(answered);
    for (const flush of this.#flushing) {
      flush.calls.delete(answered);
      if (flush.calls.size > 0) continue;
      this.#flushing.delete(flush);
      flush.done();
    }
  }

  #allAnswered(): Promise<void> {
    if (this.#open.size === 0) return Promise.resolve();
    return new Promise((done) => {
      this.#flushing.add({ calls: new Set(this.#open), done });
    });
  }

  #limit(call: PendingSend, deadlineMs: number): void {
    const cancel = this.#clock.after(deadlineMs, () => {
      const waiting = this.#waiting.indexOf(call);
      if (waiting < 0) return call.fail(this.#unknown(call, `no acknowledgement within ${deadlineMs} ms`));
      this.#waiting.splice(waiting, 1);
      call.fail(this.#bufferFull());
      // It may have stood before smaller ones that fit.
      this.#admit();
    });
    call.onAnswer(cancel);
  }

  #accept(call: PendingSend): void {
    this.#bufferedBytes += call.bytes;
    this.#buffered.push(call);
    if (this.#flightPlanned) return;
    this.#flightPlanned = true;
    if (this.#lingerMs > 0 && this.#flushes === 0) this.#clock.after(this.#lingerMs, () => this.#fly());
    else setImmediate(() => this.#fly());
  }

  #fly(): void {
    this.#flightPlanned = false;
    const flight = this.#buffered;
    this.#buffered = [];
    for (const call of flight) this.#write(call);
    this.#admit();
  }

  #write(call: PendingSend): void {
    const { switches } = this.#cluster;
    const refused = switches.sendFailures.get(call.topic.name);
    if (refused !== undefined) {
      this.#bufferedBytes -= call.bytes;
      call.fail(new EsteiraError(refused, `topic ${call.topic.name} takes no records: a fault switch is on`));
      return;
    }
    call.write(this.#clock.nowMs());
    if (switches.acksHeld(call.topic.name)) this.#held.push(call);
    else this.#acknowledge(call);
  }

  #acknowledge(call: PendingSend): void {
    this.#bufferedBytes -= call.bytes;
    call.acknowledge();
  }

  #acknowledgeHeld(): void {
    const held = this.#held;
    this.#held = [];
    for (const call of held) this.#acknowledge(call);
    this.#admit();
  }

  /** Lets in those that wait, in their order, as long as they fit. */
  #admit(): void {
    let admitted = 0;
    for (const call of this.#waiting) {
      if (this.#bufferedBytes + call.bytes > this.#maxBufferedBytes) break;
      this.#accept(call);
      admitted += 1;
    }
    if (admitted > 0) this.#waiting.splice(0, admitted);
  }

  #unknown(call: PendingSend, why: string): EsteiraError {
    return new EsteiraError('ESTEIRA_PUBLISH_UNKNOWN', `${why}: the record may or may not be written`, {
      facts: { topic: call.topic.name, partition: call.log.partition },
    });
  }

  #bufferFull(): EsteiraError {
    return new EsteiraError(
      'ESTEIRA_BUFFER_FULL',
      'the send buffer is full: nothing was written, send again later',
      {
        facts: { bufferedBytes: this.#bufferedBytes, maxBufferedBytes: this.#maxBufferedBytes },
      },
    );
  }
}
