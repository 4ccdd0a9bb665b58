import type { Clock } from '../../core/clock.ts';
import type { OutageVoice } from './outage-voice.ts';

/** An event as it will be sent. */
export interface PackedEvent {
  readonly eventId: string;
  readonly text: string;
  /** Of its text in UTF-8. */
  readonly bytes: number;
}

/** What came of sending a batch. */
export type Verdict =
  | { readonly kind: 'delivered' }
  /** It may work later; not before `afterMs`, where the other side says so. */
  | { readonly kind: 'later'; readonly error: string; readonly afterMs?: number }
  /** The batch, or its one event, is more than the other side takes. */
  | { readonly kind: 'too-large'; readonly error: string }
  /** Sending it again cannot help. */
  | { readonly kind: 'refused'; readonly error: string };

export interface DeliveryQueueOptions {
  readonly clock: Clock;
  readonly voice: OutageVoice;
  /** Most that is held, what is being sent included; what comes beyond it is dropped. */
  readonly buffer: { readonly events: number; readonly bytes: number };
  /** A batch leaves when it has so much, or its first event has waited so long. */
  readonly batch: { readonly events: number; readonly bytes: number; readonly waitMs: number };
  /** Pauses between tries; they double, and each is shortened by up to a half, so that processes do not try in step. */
  readonly backoff: { readonly firstMs: number; readonly longestMs: number };
  /** Sends a batch. Must not reject; aborts when the signal does. */
  readonly send: (batch: readonly PackedEvent[], signal: AbortSignal) => Promise<Verdict>;
  /** From 0 to 1; default `Math.random`. */
  readonly random?: () => number;
}

/** Longest `Retry-After` that is waited for, ms. */
const LONGEST_ASKED_MS = 300_000;

const nothing = (): void => undefined;

/**
 * Holds events and sends them in batches, one at a time and in order, until they are delivered. It is bounded: while it
 * is full, what comes is dropped and counted.
 */
export class DeliveryQueue {
  readonly #options: DeliveryQueueOptions;
  #waiting: PackedEvent[] = [];
  /** What waits, and what is being sent. */
  #held = { events: 0, bytes: 0 };
  #delivered = 0;
  #sending: Promise<void> | undefined;
  /** Whether what waits may leave before a batch is full. */
  #isDue = false;
  #isWaiting = false;
  #cutPause = nothing;
  #closing: Promise<void> | undefined;
  #isOver = false;
  readonly #giveUp = new AbortController();

  constructor(options: DeliveryQueueOptions) {
    this.#options = options;
  }

  get pending(): number {
    return this.#held.events;
  }

  get delivered(): number {
    return this.#delivered;
  }

  /** Takes an event, or drops it. */
  add(event: PackedEvent): void {
    const { buffer, voice } = this.#options;
    if (this.#isOver) {
      voice.drop('closed', 1);
    } else if (this.#held.events + 1 > buffer.events || this.#held.bytes + event.bytes > buffer.bytes) {
      voice.drop('buffer_full', 1);
    } else {
      this.#held.events += 1;
      this.#held.bytes += event.bytes;
      this.#waiting.push(event);
      this.#wake();
    }
  }

  /** Sends what is held, and drops what has not left after `withinMs`. */
  close(withinMs: number): Promise<void> {
    this.#closing ??= this.#close(withinMs);
    return this.#closing;
  }

  async #close(withinMs: number): Promise<void> {
    const { clock, voice } = this.#options;
    // The clock's timers keep no process alive; what is still to be sent does.
    const alive = setInterval(nothing, 60_000);
    const cancel = clock.after(withinMs, () => {
      this.#giveUp.abort();
      this.#cutPause();
    });
    this.#isDue = true;
    this.#cutPause();
    while (this.#mayLeave) await this.#send();
    await this.#sending;
    cancel();
    clearInterval(alive);
    this.#isOver = true;
    voice.drop('stopped', this.#held.events);
    this.#held = { events: 0, bytes: 0 };
    this.#waiting = [];
    voice.close();
  }

  /** Whether there is a batch to be sent now. */
  get #mayLeave(): boolean {
    const { batch } = this.#options;
    const { length } = this.#waiting;
    if (length === 0 || this.#giveUp.signal.aborted) return false;
    return this.#isDue || length >= batch.events || this.#held.bytes >= batch.bytes;
  }

  #wake(): void {
    if (this.#sending !== undefined) return;
    if (this.#mayLeave) void this.#send();
    else if (this.#waiting.length > 0 && !this.#isWaiting) {
      this.#isWaiting = true;
      this.#options.clock.after(this.#options.batch.waitMs, () => {
        this.#isWaiting = false;
        this.#isDue = true;
        this.#wake();
      });
    }
  }

  /** Sends all that may leave; one sender at a time. */
  #send(): Promise<void> {
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
      this.#isDue = this.#closing !== undefined;
      this.#wake();
    });
    return this.#sending;
  }

  async #sendAll(): Promise<void> {
    while (this.#mayLeave) await this.#deliver(this.#nextBatch());
  }

  #nextBatch(): readonly PackedEvent[] {
    const { batch } = this.#options;
    let bytes = 0;
    let count = 0;
    for (const event of this.#waiting) {
      bytes += event.bytes;
      if (count === batch.events || (count > 0 && bytes > batch.bytes)) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  /** Tries until the batch is delivered, or cannot be. */
  async #deliver(batch: readonly PackedEvent[]): Promise<void> {
    const { voice, send } = this.#options;
    for (let tries = 0; !this.#giveUp.signal.aborted; tries++) {
      const verdict = await send(batch, this.#giveUp.signal);
      if (verdict.kind === 'later') {
        voice.failed(verdict.error);
        await this.#pause(this.#pauseMs(verdict.afterMs, tries));
        continue;
      }
      if (verdict.kind === 'delivered') this.#isDelivered(batch);
      else if (verdict.kind === 'refused') this.#drop(batch, 'refused', verdict.error);
      else if (batch.length === 1) this.#drop(batch, 'too_large', verdict.error);
      else await this.#deliverInHalves(batch);
      return;
    }
  }

  async #deliverInHalves(batch: readonly PackedEvent[]): Promise<void> {
    const middle = Math.ceil(batch.length / 2);
    await this.#deliver(batch.slice(0, middle));
    await this.#deliver(batch.slice(middle));
  }

  #isDelivered(batch: readonly PackedEvent[]): void {
    const { buffer, voice } = this.#options;
    this.#delivered += batch.length;
    this.#letGo(batch);
    if (this.#held.events <= buffer.events / 2 && this.#held.bytes <= buffer.bytes / 2) voice.calm();
  }

  #drop(batch: readonly PackedEvent[], reason: string, error: string): void {
    this.#options.voice.drop(reason, batch.length, error);
    this.#letGo(batch);
  }

  #letGo(batch: readonly PackedEvent[]): void {
    this.#held.events -= batch.length;
    for (const { bytes } of batch) this.#held.bytes -= bytes;
  }

  /** What the other side asks for counts, but neither stops the queue for hours nor makes it spin. */
  #pauseMs(askedMs: number | undefined, tries: number): number {
    const { backoff, random = Math.random } = this.#options;
    if (askedMs !== undefined) return Math.min(Math.max(askedMs, backoff.firstMs), LONGEST_ASKED_MS);
    const ms = Math.min(backoff.longestMs, backoff.firstMs * 2 ** Math.min(tries, 30));
    return ms * (1 - random() / 2);
  }

  #pause(ms: number): Promise<void> {
    if (this.#giveUp.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(ms, resolve);
      this.#cutPause = () => {
        cancel();
        resolve();
      };
    });
  }
}
