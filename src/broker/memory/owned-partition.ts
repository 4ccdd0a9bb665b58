import type { CommittedOffset, OffsetProblem } from '../../core/ports/broker.ts';
import { type ConsumedRecord, partitionKey } from '../../core/record.ts';
import type { PartitionLog } from './partition-log.ts';

/** Largest batch handed over at once, bytes; one larger record still passes. */
const BATCH_BYTES = 1_048_576;

/** A partition during one assignment: where reading stands, and whether it may go on. */
export class OwnedPartition {
  readonly key: string;
  readonly log: PartitionLog;
  readonly committed: CommittedOffset | undefined;
  paused = false;
  /** Below every offset when nothing was committed. */
  #position: number;
  #stalled = false;
  #unwatch: () => void = () => undefined;

  constructor(log: PartitionLog, committed: CommittedOffset | undefined) {
    this.key = partitionKey(log);
    this.log = log;
    this.committed = committed;
    this.#position = Number(committed?.offset ?? -1n);
  }

  /** Whether a read would give something now. */
  get hasMore(): boolean {
    return !this.paused && !this.#stalled && this.#position < this.log.high;
  }

  /** What is wrong with the position; told once, and nothing is read any more in this assignment. */
  problem(groupNext: CommittedOffset | undefined = this.committed): OffsetProblem | undefined {
    const { low, high, topic, partition } = this.log;
    if (this.#stalled || (this.#position >= low && this.#position <= high)) return undefined;
    this.#stalled = true;
    const where = { topic, partition, low: BigInt(low), high: BigInt(high) };
    if (this.committed === undefined || groupNext === undefined) return { ...where, problem: 'missing' };
    return { ...where, problem: 'out-of-range', committed: groupNext.offset };
  }

  /** The next records; they are not given again in this assignment. */
  take(maxRecords: number): readonly ConsumedRecord[] {
    const slice = this.log.read(this.#position, this.log.high, maxRecords, BATCH_BYTES);
    this.#position = slice.next;
    return slice.records;
  }

  watch(onGrowth: () => void): void {
    this.#unwatch = this.log.watch(onGrowth);
  }

  unwatch(): void {
    this.#unwatch();
  }
}
