import type { Clock } from '../../core/clock.ts';
import type { JobDefinition } from '../../core/job.ts';
import type { DirectSettings } from '../../core/order/direct-lanes.ts';
import type { WaitingSettings } from '../../core/order/waiting-line.ts';
import type { ConsumedRecord, TopicPartition } from '../../core/record.ts';
import type { Entry } from '../entry.ts';
import type { PartitionHome } from '../partition-home.ts';
import type { CopyWriter } from './copy-writer.ts';
import { DirectDriver } from './direct-driver.ts';
import { driverOf, type LaneDriver } from './lane-driver.ts';
import type { OrderClient } from './order-client.ts';
import { WaitingDriver } from './waiting-driver.ts';

export interface OrderedDriversParts {
  readonly job: JobDefinition<unknown>;
  readonly clock: Clock;
  readonly order: OrderClient;
  /** The waiting topic of the job type. */
  readonly waitingTopic: string;
  readonly copies: CopyWriter;
  /** Lets an entry ask for its claim as soon as there is a slot for it. */
  readonly onClaim: (entry: Entry) => void;
  /** An offset need not be kept in the window any more. */
  readonly onSettled: (entry: Entry) => void;
  /** Reads a range of a partition without the group. */
  readonly read: (
    range: TopicPartition & { readonly from: bigint; readonly to: bigint },
    onRecord: (record: ConsumedRecord) => boolean,
  ) => Promise<void>;
  /** What a copy that was read once more is. */
  readonly understand: (home: PartitionHome, record: ConsumedRecord) => Promise<Entry | undefined>;
  readonly onError: (error: unknown) => void;
}

/** With a full window, a head that runs longer than this leaves its copy on the waiting topic. */
const PATIENCE_MS = 1_000;
const ASK_AGAIN_MS = 100;
/** Offsets that are read again in one piece. */
const PIECE = 500;

/** Makes what keeps the partitions of one ordered job type in order. */
export class OrderedDrivers {
  readonly #parts: OrderedDriversParts;

  constructor(parts: OrderedDriversParts) {
    this.#parts = parts;
  }

  /** The driver of a newly owned partition, with the metadata of its commit. */
  make(home: PartitionHome, metadata: string): LaneDriver {
    const { job, clock, order, waitingTopic, onClaim, onError, copies } = this.#parts;
    const shared = { job, clock, state: order, onClaim, onError };
    if (home.at.topic === waitingTopic) {
      const waiting = {
        ...shared,
        settings: waitingSettings(job),
        waitingPartition: home.at.partition,
        onTaken: this.#parts.onSettled,
        readAgain: (from: number, to: number, onEntry: (entry: Entry) => boolean) =>
          this.#readAgain(home, from, to, onEntry),
      };
      return new WaitingDriver(waiting, Number(home.committed));
    }
    const direct = {
      ...shared,
      settings: directSettings(job),
      onSettled: this.#parts.onSettled,
      write: (entry: Entry, acknowledged: (offset: number) => void) => {
        copies.write(entry).then(acknowledged).catch(onError);
      },
    };
    return new DirectDriver(direct, parkedEndOf(metadata));
  }

  /** An entry that was completed, and told durably. */
  over(entry: Entry): void {
    driverOf(entry).over(entry);
  }

  async #readAgain(
    home: PartitionHome,
    from: number,
    to: number,
    onEntry: (entry: Entry) => boolean,
  ): Promise<void> {
    for (let at = from; at < to && home.alive; at += PIECE) {
      const records: ConsumedRecord[] = [];
      const range = { ...home.at, from: BigInt(at), to: BigInt(Math.min(at + PIECE, to)) };
      await this.#parts.read(range, (record) => records.push(record) > 0);
      for (const record of records) {
        const entry = await this.#parts.understand(home, record);
        if (entry !== undefined && !onEntry(entry)) return;
      }
    }
  }
}

/** The end of what was parked from a partition, out of the metadata of its commit: `w=<offset>`. */
const parkedEndOf = (metadata: string): number => {
  const match = /^w=(\d{1,15})$/.exec(metadata);
  return match === null ? 0 : Number(match[1]);
};

const directSettings = (job: JobDefinition<unknown>): DirectSettings => ({
  holdForMs: job.holdForMs,
  detachAfterMs: job.detachAfterMs,
  patienceMs: PATIENCE_MS,
  askAgainMs: ASK_AGAIN_MS,
  rememberMs: job.doneTtlMs / 2,
});

const waitingSettings = (job: JobDefinition<unknown>): WaitingSettings => ({
  sleepBeyondMs: 1_000,
  askAgainMs: ASK_AGAIN_MS,
  rereadEveryMs: 200,
  maxCopiesPerKey: 100,
  maxCopies: 1_000,
  maxBytes: 8 * 1024 * 1024,
  checkEveryMs: 500,
  renewEveryMs: job.doneTtlMs / 4,
});
