import type { Clock } from '../../core/clock.ts';
import type { DeadReason } from '../../core/outcome.ts';
import type { ReplayPlanState, SequenceId, WaitingPartition } from '../../core/ports/order-state.ts';
import { ExpiringMap } from './expiring-map.ts';

/** A record that failed and waits for its next attempt, or to die. */
export interface Head {
  readonly place: number;
  readonly attempt: number;
  readonly starts: number;
  /** The claim that failed. */
  readonly fence: number;
  readonly dueMs: number;
  readonly dead?: DeadReason;
  readonly note?: Buffer;
}

/** The last plan to replay the sequence in order. */
export type Replay = Omit<ReplayPlanState, 'head'>;

/** What is known of a sequence; -1 stands for no place. */
export interface SequenceRecord {
  readonly parked: number;
  readonly passed: number;
  /** Dead ones since the sequence is held; 0 when it is not. */
  readonly held: number;
  readonly head?: Head;
  readonly replay?: Replay;
}

/** What the memory store knows of ordered types: sequences, and the witness of each waiting partition. */
export class OrderTable {
  readonly #sequences: ExpiringMap<SequenceRecord>;
  readonly #seen: ExpiringMap<number>;

  constructor(clock: Clock) {
    this.#sequences = new ExpiringMap(clock);
    this.#seen = new ExpiringMap(clock);
  }

  sequence(id: SequenceId): SequenceRecord | undefined {
    return this.#sequences.get(sequenceName(id));
  }

  setSequence(id: SequenceId, record: SequenceRecord, lifetimeMs: number): void {
    this.#sequences.set(sequenceName(id), record, lifetimeMs);
  }

  deleteSequence(id: SequenceId): void {
    this.#sequences.delete(sequenceName(id));
  }

  seen(line: WaitingPartition): number {
    return this.#seen.get(lineName(line)) ?? 0;
  }

  setSeen(line: WaitingPartition, offset: number, lifetimeMs: number): void {
    this.#seen.set(lineName(line), offset, lifetimeMs);
  }
}

const sequenceName = (id: SequenceId): string =>
  JSON.stringify([id.jobType, id.tenant, id.partition, id.orderKey]);
const lineName = (line: WaitingPartition): string => JSON.stringify([line.jobType, line.waitingPartition]);
