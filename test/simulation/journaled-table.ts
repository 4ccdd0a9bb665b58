import type { Clock } from '../../src/core/clock.ts';
import type { SequenceId, WaitingPartition } from '../../src/core/ports/order-state.ts';
import type { ClaimId } from '../../src/core/ports/state.ts';
import { OrderTable, type SequenceRecord } from '../../src/state/memory/order-table.ts';
import type { JobRecord, KeyRecord } from '../../src/state/memory/state-records.ts';
import { type JobName, StateTable } from '../../src/state/memory/state-table.ts';

/** Longer than any history. */
const FOR_EVER_MS = 1e12;

/** The writes of a store in their order, so that the last ones can be taken back. */
class Journal {
  readonly #clock: Clock;
  readonly #writes: { readonly atMs: number; readonly undo: () => void }[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  note(undo: () => void): void {
    this.#writes.push({ atMs: this.#clock.nowMs(), undo });
  }

  takeBack(sinceMs: number): void {
    for (
      let last = this.#writes.at(-1);
      last !== undefined && last.atMs >= sinceMs;
      last = this.#writes.at(-1)
    ) {
      this.#writes.pop();
      last.undo();
    }
  }
}

class JournaledOrderTable extends OrderTable {
  readonly #journal: Journal;

  constructor(clock: Clock, journal: Journal) {
    super(clock);
    this.#journal = journal;
  }

  override setSequence(id: SequenceId, record: SequenceRecord, lifetimeMs: number): void {
    this.#noteSequence(id);
    super.setSequence(id, record, lifetimeMs);
  }

  override deleteSequence(id: SequenceId): void {
    this.#noteSequence(id);
    super.deleteSequence(id);
  }

  override setSeen(line: WaitingPartition, offset: number, lifetimeMs: number): void {
    const before = this.seen(line);
    this.#journal.note(() => super.setSeen(line, before, FOR_EVER_MS));
    super.setSeen(line, offset, lifetimeMs);
  }

  #noteSequence(id: SequenceId): void {
    const before = this.sequence(id);
    this.#journal.note(() =>
      before === undefined ? super.deleteSequence(id) : super.setSequence(id, before, FOR_EVER_MS),
    );
  }
}

/** The memory store's table, able to lose its last writes as a server does that fails over or restarts. */
export class JournaledTable extends StateTable {
  override readonly order: OrderTable;
  readonly #journal: Journal;

  constructor(clock: Clock) {
    super(clock);
    this.#journal = new Journal(clock);
    this.order = new JournaledOrderTable(clock, this.#journal);
  }

  /** Loses the writes since a time; the order in which they were made has no gaps. */
  loseSince(sinceMs: number): void {
    this.#journal.takeBack(sinceMs);
  }

  override setKey(id: ClaimId, record: KeyRecord, lifetimeMs: number): void {
    this.#noteKey(id);
    super.setKey(id, record, lifetimeMs);
  }

  override replaceKey(id: ClaimId, record: KeyRecord): void {
    this.#noteKey(id);
    super.replaceKey(id, record);
  }

  override deleteKey(id: ClaimId): void {
    this.#noteKey(id);
    super.deleteKey(id);
  }

  override setJob(id: JobName, record: JobRecord, lifetimeMs: number): void {
    this.#noteJob(id);
    super.setJob(id, record, lifetimeMs);
  }

  override deleteJob(id: JobName): void {
    this.#noteJob(id);
    super.deleteJob(id);
  }

  #noteKey(id: ClaimId): void {
    const before = this.key(id);
    this.#journal.note(() =>
      before === undefined ? super.deleteKey(id) : super.setKey(id, before, FOR_EVER_MS),
    );
  }

  #noteJob(id: JobName): void {
    const before = this.job(id);
    this.#journal.note(() =>
      before === undefined ? super.deleteJob(id) : super.setJob(id, before, FOR_EVER_MS),
    );
  }
}
