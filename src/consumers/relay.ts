import { type JobHeaders, parseEnvelope, withJobHeaders } from '../core/envelope.ts';
import { isEsteiraError } from '../core/errors.ts';
import { inboxesOf, isInboxOf } from '../core/inbox.ts';
import { tierFor } from '../core/ladder.ts';
import { names } from '../core/names.ts';
import type { GroupConsumer, SendOptions } from '../core/ports/broker.ts';
import { type ConsumedRecord, copyRecord, formatPosition, type OutgoingRecord } from '../core/record.ts';
import { BUCKETS_SECONDS, Spread } from '../core/spread.ts';
import { insist } from './backoff.ts';
import { TIME_FOR_COMPANY_MS } from './company.ts';
import { PausedRecords } from './control/paused-records.ts';
import type { EngineParts, Worker, WorkerStatus } from './engine-parts.ts';
import { tellOffsetProblems } from './offset-problems.ts';
import type { PartitionHome } from './partition-home.ts';
import { PartitionSet } from './partition-set.ts';
import { partitionFacts, type RelayFacts } from './worker-facts.ts';

type RelayParts = Pick<
  EngineParts,
  'app' | 'broker' | 'producer' | 'clock' | 'log' | 'settings' | 'onFatal'
> &
  Pick<EngineParts, 'control' | 'tenants'>;

/** A dispatch's first copy has no origin yet: its place on the tier is one, so that two forwards are one job. */
const copyTo = (topic: string, record: ConsumedRecord, job: JobHeaders): OutgoingRecord => ({
  topic,
  key: record.key,
  value: record.value,
  headers: withJobHeaders(record.headers, { ...job, origin: job.origin ?? formatPosition(record) }),
  ...(job.orderKey === undefined ? {} : { partitionKey: Buffer.from(job.orderKey, 'utf8') }),
});

/**
 * Forwards the records of one tier when they are due: kept in memory, forwarded on a timer, never early by this
 * process's clock. What is left to wait beyond the tier's own delay is hopped to a smaller tier, or held. What waits
 * because of a pause goes on as soon as that is lifted.
 */
export class Relay implements Worker {
  readonly #parts: RelayParts;
  readonly #tierMs: number;
  readonly #name: string;
  readonly #consumer: GroupConsumer;
  readonly #partitions: PartitionSet;
  readonly #stopping = new AbortController();
  readonly #suspended = new Set<string>();
  readonly #paused: PausedRecords;
  readonly #lateness = new Spread(BUCKETS_SECONDS);
  readonly #sendOptions: SendOptions;
  /** When records are due that are held beyond their tier, epoch ms, by position. */
  readonly #held = new Map<string, number>();

  constructor(parts: RelayParts, tierMs: number) {
    const { app, broker, clock, log, settings, onFatal } = parts;
    this.#parts = parts;
    this.#tierMs = tierMs;
    this.#sendOptions = { mayWait: tierMs >= TIME_FOR_COMPANY_MS };
    this.#paused = new PausedRecords(parts);
    this.#name = names.relayGroup(app.name, tierMs);
    this.#consumer = broker.createConsumer({
      groupId: this.#name,
      topics: [names.tier(app.name, tierMs)],
      maxWaitMs: 2 * settings.fetchWaitMs,
      sessionTimeoutMs: settings.sessionTimeoutMs,
    });
    this.#partitions = new PartitionSet({
      ...{ name: this.#name, consumer: this.#consumer, clock, log },
      ...{ window: settings.window, commitEveryMs: settings.commitEveryMs },
      onLost: () => this.#held.clear(),
      onIncoming: (home) => this.#takeIn(home),
      onOffsetProblem: (problems) => {
        for (const reason of tellOffsetProblems(log, this.#name, problems)) this.#suspended.add(reason);
      },
      onCrash: onFatal,
    });
  }

  async start(): Promise<void> {
    await this.#consumer.run(this.#partitions);
  }

  async drain(): Promise<void> {
    await this.#parts.producer.flush();
  }

  async stop(): Promise<void> {
    await this.#partitions.commit();
    this.#partitions.close();
    this.#stopping.abort();
    await this.#consumer.stop();
  }

  status(): WorkerStatus {
    return {
      name: this.#name,
      assigned: this.#partitions.size,
      running: 0,
      waiting: this.#partitions.unsettled,
      suspended: [...this.#suspended],
    };
  }

  facts(): RelayFacts {
    return {
      ...{ kind: 'relay', name: this.#name, tierMs: this.#tierMs, lateness: this.#lateness },
      ...{ partitions: partitionFacts(this.#partitions), topics: this.#partitions.tallies },
      overdueSinceMs: this.#overdueSinceMs(),
    };
  }

  /** In each partition the first that is not forwarded was due first, but for what is held. */
  #overdueSinceMs(): number | undefined {
    const nowMs = this.#parts.clock.nowMs();
    let overdue: number | undefined;
    for (const { at, watermark } of this.#partitions.homes) {
      if (watermark.oldestMs === undefined) continue;
      const held = this.#held.get(formatPosition({ ...at, offset: watermark.value }));
      const dueMs = held ?? watermark.oldestMs + this.#tierMs;
      if (dueMs <= nowMs && (overdue === undefined || dueMs < overdue)) overdue = dueMs;
    }
    return overdue;
  }

  #takeIn(home: PartitionHome): void {
    for (let fetched = home.nextIncoming(); fetched !== undefined; fetched = home.nextIncoming()) {
      const record = copyRecord(fetched);
      const cancel = this.#wakeAt(record.timestampMs + this.#tierMs, home, record);
      this.#paused.add(record, parseEnvelope(record.headers, true), () => {
        cancel();
        void this.#goOn(home, record);
      });
    }
  }

  #wakeAt(atMs: number, home: PartitionHome, record: ConsumedRecord): () => void {
    const { clock } = this.#parts;
    return clock.after(Math.max(0, atMs - clock.nowMs()), () => void this.#wake(home, record, atMs));
  }

  /** Its pause is over: it need not wait for its tier. */
  async #goOn(home: PartitionHome, record: ConsumedRecord): Promise<void> {
    const { job } = parseEnvelope(record.headers, true);
    // A record that is no job of this app is its tier's to set aside, in time.
    if (job?.target === undefined || !job.target.startsWith(this.#inboxPrefix)) {
      this.#wakeAt(record.timestampMs + this.#tierMs, home, record);
      return;
    }
    if (!home.alive || this.#stopping.signal.aborted) return;
    const { dueMs: _, isPaused: __, ...free } = job;
    const target = this.#inboxOf(job.type, job.target);
    await this.#forward(home, copyTo(target, record, { ...free, target }), record);
  }

  async #wake(home: PartitionHome, record: ConsumedRecord, atMs: number): Promise<void> {
    this.#paused.delete(record);
    if (!home.alive || this.#stopping.signal.aborted) return;
    const { app, clock } = this.#parts;
    const job = parseEnvelope(record.headers, true).job;
    if (job?.target === undefined || !job.target.startsWith(this.#inboxPrefix)) {
      await this.#setAside(home, record, job?.target);
      return;
    }
    const leftMs = (job.dueMs ?? 0) - clock.nowMs();
    const tierMs = leftMs > 0 ? tierFor(app.ladderMs, leftMs) : undefined;
    if (leftMs > 0 && tierMs === undefined) {
      this.#held.set(formatPosition(record), clock.nowMs() + leftMs);
      this.#wakeAt(clock.nowMs() + leftMs, home, record);
      return;
    }
    const target = this.#inboxOf(job.type, job.target);
    const { isPaused: _, ...free } = job;
    // The mark is for tiers: in its inbox nothing holds a record that its worker does not hold itself.
    const copy =
      tierMs === undefined
        ? copyTo(target, record, { ...free, target })
        : copyTo(names.tier(app.name, tierMs), record, { ...job, target });
    await this.#forward(home, copy, record);
    this.#lateness.record(Math.max(0, clock.nowMs() - atMs) / 1_000);
  }

  async #forward(home: PartitionHome, copy: OutgoingRecord, record: ConsumedRecord): Promise<void> {
    const { clock, log, producer } = this.#parts;
    const stopped = this.#stopping.signal;
    try {
      const what = `${this.#name}: forward to ${copy.topic}`;
      await insist({ clock, log, stopped, onOutage: this.#onOutage }, what, () =>
        producer.send(copy, this.#sendOptions),
      );
      this.#partitions.settle(home, record.offset);
      if (this.#held.size > 0) this.#held.delete(formatPosition(record));
    } catch (error) {
      if (stopped.aborted) return;
      if (isEsteiraError(error, 'ESTEIRA_TOPICS_DIFFER') && copy.topic !== this.#unroutable) {
        await this.#setAside(home, record, copy.topic);
      } else {
        this.#parts.onFatal(error instanceof Error ? error : new Error(String(error)));
      }
    }
  }

  /**
   * A target that is no inbox of this app, or one that does not exist: the record is kept, as it is, where a human
   * finds it, and the tier goes on. The inbox of a type that this process does not know (an older or newer deploy)
   * is forwarded to: it belongs to the app.
   */
  async #setAside(home: PartitionHome, record: ConsumedRecord, target: string | undefined): Promise<void> {
    const position = formatPosition(record);
    this.#parts.log.error(`${this.#name}: a record cannot be forwarded and is set aside`, {
      position,
      target,
    });
    const { key, value, headers } = record;
    await this.#forward(home, { topic: this.#unroutable, key, value, headers }, record);
  }

  /** A lane, or a tenant's inbox, that the job type has no more is read by nobody: its records go to the plain inbox. */
  #inboxOf(type: string, target: string): string {
    const { app } = this.#parts;
    const job = app.jobs.find((one) => one.type === type);
    if (job === undefined || !isInboxOf(app.name, type, target)) return target;
    return inboxesOf(app.name, job).includes(target) ? target : names.inbox(app.name, type);
  }

  get #unroutable(): string {
    return names.unroutable(this.#parts.app.name);
  }

  get #inboxPrefix(): string {
    return names.inbox(this.#parts.app.name, '');
  }

  readonly #onOutage = (what: string, down: boolean): void => {
    if (down) this.#suspended.add(what);
    else this.#suspended.delete(what);
  };
}
