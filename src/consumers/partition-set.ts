import type { Clock } from '../core/clock.ts';
import type {
  Assignment,
  CommittedOffset,
  ConsumerListener,
  Epoch,
  FetchedBatch,
  GroupConsumer,
  OffsetProblem,
} from '../core/ports/broker.ts';
import type { Log } from '../core/ports/log.ts';
import { partitionKey } from '../core/record.ts';
import { factsOf } from './backoff.ts';
import { type HomeDriver, type HomeWatch, PartitionHome, type Window } from './partition-home.ts';
import { TopicTally } from './topic-tally.ts';

export interface PartitionSetParts {
  readonly name: string;
  readonly consumer: GroupConsumer;
  readonly clock: Clock;
  readonly log: Log;
  readonly window: Window;
  readonly commitEveryMs: number;
  /** Makes what keeps a newly owned partition in order, given the metadata of its commit; default nothing. */
  readonly driverFor?: (home: PartitionHome, metadata: string) => HomeDriver | undefined;
  /** Makes what keeps tenants from filling the window of a newly owned partition; default nothing. */
  readonly watchFor?: (home: PartitionHome) => HomeWatch | undefined;
  /** Called when partitions were lost: what is held of them is of no use any more. */
  readonly onLost?: () => void;
  /** Called when a home has taken records in. */
  readonly onIncoming: (home: PartitionHome) => void;
  readonly onOffsetProblem: (problems: readonly OffsetProblem[]) => void;
  readonly onCrash: (error: Error) => void;
}

/**
 * The partitions a group member owns: who survives a rebalance, how much is held, and what may be committed.
 *
 * A kept partition keeps its watermark, so that records handed over again are known; a lost one is dead at once. A new
 * member id clears all (the group has forgotten this process).
 */
export class PartitionSet implements ConsumerListener {
  readonly #parts: PartitionSetParts;
  #homes = new Map<string, PartitionHome>();
  /** What was counted of each topic, also of partitions that are others' by now. */
  readonly tallies = new Map<string, TopicTally>();
  #committing: Promise<void> = Promise.resolve();
  #cancelTimer: () => void = () => undefined;
  #closed = false;

  constructor(parts: PartitionSetParts) {
    this.#parts = parts;
    this.#armCommit();
  }

  onAssigned(assignment: Assignment): void {
    const before = this.#homes;
    this.#homes = new Map();
    const starts = new Map(assignment.committed.map((one) => [partitionKey(one), one]));
    for (const at of assignment.partitions) {
      const key = partitionKey(at);
      const kept = assignment.sameMember ? before.get(key) : undefined;
      const start = starts.get(key);
      if (kept !== undefined) kept.epoch = assignment.epoch;
      const home = kept ?? (start === undefined ? undefined : this.#newHome(start, assignment.epoch));
      if (home !== undefined) this.#homes.set(key, home);
    }
    this.#lose([...before].filter(([key, home]) => this.#homes.get(key) !== home).map(([, home]) => home));
    const paused = [...this.#homes.values()].filter((home) => home.paused).map((home) => home.at);
    if (paused.length > 0) this.#parts.consumer.pause(paused);
  }

  onBatch(batch: FetchedBatch): void {
    const home = this.#homes.get(partitionKey(batch));
    if (home === undefined || home.epoch !== batch.epoch) return;
    home.end = batch.highWatermark;
    for (const record of batch.records) home.admit(record);
    if (home.isFull && !home.paused) {
      home.paused = true;
      this.#parts.consumer.pause([home.at]);
      if (home.windowFull) home.driver?.full(true);
    }
    this.#parts.onIncoming(home);
  }

  onOffsetProblem(problems: readonly OffsetProblem[]): void {
    this.#parts.onOffsetProblem(problems);
  }

  onCrash(error: Error): void {
    this.#parts.onCrash(error);
  }

  /** Settles a record. */
  settle(home: PartitionHome, offset: bigint): void {
    home.settle(offset);
    this.mayGoOn(home);
  }

  /** Resumes a partition that has room again. */
  mayGoOn(home: PartitionHome): void {
    if (home.alive && home.paused && home.hasRoom) {
      home.paused = false;
      this.#parts.consumer.resume([home.at]);
      home.driver?.full(false);
    }
  }

  /** Commits every watermark that has moved; one commit at a time. */
  commit(): Promise<void> {
    this.#committing = this.#committing.then(() => this.#commitNow());
    return this.#committing;
  }

  /** Ends the commit timer and gives every partition up. */
  close(): void {
    this.#closed = true;
    this.#cancelTimer();
    for (const home of this.#homes.values()) home.lose();
  }

  get size(): number {
    return this.#homes.size;
  }

  /** The partitions that are owned now. */
  get homes(): Iterable<PartitionHome> {
    return this.#homes.values();
  }

  /** Records taken in and not yet settled. */
  get unsettled(): number {
    let sum = 0;
    for (const home of this.#homes.values()) sum += home.watermark.size;
    return sum;
  }

  #lose(homes: readonly PartitionHome[]): void {
    for (const home of homes) home.lose();
    if (homes.length > 0) this.#parts.onLost?.();
  }

  #newHome(start: CommittedOffset, epoch: Epoch): PartitionHome {
    const tally = this.tallies.get(start.topic) ?? new TopicTally();
    this.tallies.set(start.topic, tally);
    const home = new PartitionHome(start, start.offset, epoch, this.#parts.window, tally);
    home.driver = this.#parts.driverFor?.(home, start.metadata);
    home.watch = this.#parts.watchFor?.(home);
    return home;
  }

  async #commitNow(): Promise<void> {
    const due: CommittedOffset[] = [];
    for (const home of this.#homes.values()) {
      const offset = home.committable;
      if (offset > home.committed) due.push({ ...home.at, offset, metadata: home.driver?.metadata ?? '' });
    }
    if (due.length === 0) return;
    try {
      for (const accepted of await this.#parts.consumer.commit(due)) {
        const home = this.#homes.get(partitionKey(accepted));
        if (home !== undefined && accepted.offset > home.committed) home.committed = accepted.offset;
      }
    } catch (error) {
      // Nothing is lost: the watermark stands, and the next round commits it again.
      this.#parts.log.warn(`${this.#parts.name}: commit failed, tried again`, factsOf(error));
    }
  }

  #armCommit(): void {
    if (this.#closed) return;
    this.#cancelTimer = this.#parts.clock.after(this.#parts.commitEveryMs, () => {
      void this.commit().finally(() => this.#armCommit());
    });
  }
}
