import type { DirectAction } from '../../src/core/order/direct-action.ts';
import { DirectLanes } from '../../src/core/order/direct-lanes.ts';
import type { DirectRecord } from '../../src/core/order/lane.ts';
import { Watermark } from '../../src/core/watermark.ts';
import { Claims, type Wanted } from './claims.ts';
import { type Knowledge, placed, witnessed } from './requests.ts';
import type { SimProcess } from './sim-process.ts';
import { when } from './store.ts';
import { type Arrived, nameOf, type Owned } from './world.ts';

/** A record in the machine's hands. */
interface Handed extends DirectRecord {
  readonly record: Arrived;
}

type Action<K extends DirectAction<Handed>['kind']> = Extract<DirectAction<Handed>, { kind: K }>;

/** Drives DirectLanes for one partition, as the engine does. */
export class DirectDriver {
  readonly #process: SimProcess;
  readonly #owned: Owned;
  readonly #lanes: DirectLanes<Handed>;
  readonly #claims: Claims<Handed>;
  readonly #watermark: Watermark;
  readonly #deaf: () => void;
  #next: number;
  #isLive = true;
  #fetching = false;
  #committing = false;
  #wakeMs = Number.POSITIVE_INFINITY;

  constructor(process: SimProcess, owned: Owned) {
    this.#process = process;
    this.#owned = owned;
    const { offset, metadata } = process.world.committed(owned);
    this.#lanes = new DirectLanes(process.world.plan.direct, metadata);
    this.#claims = new Claims({
      ...{ process, where: 'direct', machine: this.#lanes },
      isLive: () => this.#isLive,
      pump: () => this.#pump(),
    });
    this.#watermark = new Watermark(BigInt(offset));
    this.#next = offset;
    this.#deaf = process.world.listen(owned, () => this.#fetchSoon());
    process.world.note(
      () => `p${process.id} takes e${owned.partition} from ${offset}, parked to ${metadata}`,
    );
    this.#fetchSoon();
  }

  /** The partition is lost. */
  stop(): void {
    this.#isLive = false;
    this.#deaf();
  }

  #fetchSoon(): void {
    if (this.#fetching || !this.#isLive) return;
    this.#fetching = true;
    this.#process.after(this.#process.world.plan.random.between(0.5, 3), () => {
      this.#fetching = false;
      if (this.#isLive) this.#fetch();
    });
  }

  #fetch(): void {
    const { world } = this.#process;
    const log = world.events[this.#owned.partition] ?? [];
    for (; this.#next < log.length; this.#next += 1) {
      const record = log[this.#next];
      if (record === undefined) break;
      if (this.#watermark.size >= world.plan.window) {
        this.#lanes.windowFull(world.nowMs);
        break;
      }
      this.#watermark.track(BigInt(record.place));
      // Without local order each record is a lane of its own.
      const lane = world.plan.without.has('fifo') ? nameOf(record) : record.duty.key;
      this.#lanes.arrived({ lane, place: record.place, record }, world.nowMs);
    }
    this.#pump();
  }

  /** Does what the machine says. */
  #pump(): void {
    if (!this.#isLive) return;
    const wanted: Wanted<Handed>[] = [];
    const parks: Action<'park'>[] = [];
    for (const action of this.#lanes.drain()) {
      if (action.kind === 'claim') wanted.push({ handed: action.record, knowledge: this.#knowledge(action) });
      else if (action.kind === 'park') parks.push(action);
      else if (action.kind === 'write') this.#write(action.record);
      else this.#settle(action.record);
    }
    if (wanted.length > 0) this.#claims.ask(wanted);
    if (parks.length > 0) this.#park(parks);
    this.#wakeLater();
  }

  #knowledge({ known }: { readonly known?: number }): Knowledge {
    return { parkedEnd: this.#lanes.parkedEndAtStart, ...(known === undefined ? {} : { known }) };
  }

  #park(parks: readonly Action<'park'>[]): void {
    const { world } = this.#process;
    const requests = parks.map(({ record, ...action }) => ({
      ...{ ...placed(record.record, 'direct'), follows: action.follows },
      ...witnessed(world, record.record, this.#knowledge(action)),
    }));
    this.#process.call(
      () =>
        when(world.store.park(requests), (answers) => {
          requests.forEach(({ orderKey, place }, i) => {
            world.note(() => `p${this.#process.id} parks ${orderKey}/${place}: ${answers[i]}`);
          });
          return answers;
        }),
      (answers) => {
        answers.forEach((answer, i) => {
          const action = parks[i];
          if (action !== undefined) this.#lanes.parkAnswered(action.record, answer, world.nowMs);
        });
        this.#pump();
      },
    );
  }

  #write(handed: Handed): void {
    const { world } = this.#process;
    const append = (): void =>
      this.#process.write(handed.record, (offset) => {
        this.#lanes.written(handed, offset, world.nowMs);
        this.#pump();
      });
    // Without "head first", the first of a lane is written after those behind it.
    const isLate = world.plan.without.has('head-first') && world.plan.random.chance(0.5);
    if (isLate) this.#process.after(30, append);
    else append();
  }

  #settle(handed: Handed): void {
    this.#watermark.settle(BigInt(handed.place));
    this.#fetchSoon();
    if (this.#committing) return;
    this.#committing = true;
    const { world } = this.#process;
    this.#process.after(world.plan.random.between(1, 30), () => {
      this.#committing = false;
      if (!this.#isLive) return;
      world.commit(this.#owned, this.#process.id, Number(this.#watermark.value), this.#lanes.parkedEnd);
    });
  }

  #wakeLater(): void {
    const { world } = this.#process;
    const dueMs = this.#lanes.nextWakeMs ?? Number.POSITIVE_INFINITY;
    if (this.#watermark.size >= world.plan.window) this.#fetchAgainLater();
    if (dueMs >= this.#wakeMs || dueMs > 1e8) return;
    this.#wakeMs = dueMs;
    this.#process.atTimer(dueMs, () => {
      if (this.#wakeMs === dueMs) this.#wakeMs = Number.POSITIVE_INFINITY;
      if (!this.#isLive) return;
      this.#lanes.tick(world.nowMs);
      this.#pump();
    });
  }

  /** A full window is looked at again: patience takes time. */
  #fetchAgainLater(): void {
    if (this.#fetching) return;
    this.#fetching = true;
    this.#process.after(50, () => {
      this.#fetching = false;
      if (this.#isLive) this.#fetch();
    });
  }
}
