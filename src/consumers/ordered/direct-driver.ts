import type { Clock } from '../../core/clock.ts';
import type { JobDefinition } from '../../core/job.ts';
import { type DirectAction, DirectLanes, type DirectSettings } from '../../core/order/direct-lanes.ts';
import type { DirectRecord } from '../../core/order/lane.ts';
import type { OrderClaimAnswer, ParkAnswer, ParkRequest } from '../../core/ports/order-state.ts';
import { BatchStage } from '../batch-stage.ts';
import type { Entry } from '../entry.ts';
import { Alarm } from './alarm.ts';
import type { LaneDriver } from './lane-driver.ts';
import type { OrderClient } from './order-client.ts';
import { placedId, placeOf } from './placed.ts';

export interface DirectDriverParts {
  readonly job: JobDefinition<unknown>;
  readonly clock: Clock;
  readonly state: OrderClient;
  readonly settings: DirectSettings;
  /** Lets an entry ask for its claim as soon as there is a slot for it. */
  readonly onClaim: (entry: Entry) => void;
  /** Writes an entry's copy to the waiting topic; called back with its offset there once it is acknowledged. */
  readonly write: (entry: Entry, acknowledged: (offset: number) => void) => void;
  /** The entry's stay at its offset has ended. */
  readonly onSettled: (entry: Entry) => void;
  readonly onError: (error: unknown) => void;
}

interface Handed extends DirectRecord {
  readonly entry: Entry;
}

interface Park {
  readonly handed: Handed;
  readonly request: ParkRequest;
}

/** How often a full window is looked at: patience takes time. */
const FULL_LOOK_MS = 50;

/** Drives the order machine of one partition of an event topic or inbox. */
export class DirectDriver implements LaneDriver {
  readonly #parts: DirectDriverParts;
  readonly #lanes: DirectLanes<Handed>;
  readonly #handed = new Map<Entry, Handed>();
  readonly #known = new Map<Entry, number>();
  /** Records whose done marks are not told durably yet, and whether the machine has let go of them. */
  readonly #untold = new Map<Entry, boolean>();
  readonly #parks: BatchStage<Park>;
  readonly #alarm: Alarm;
  #isFull = false;
  #isOpen = true;
  #isPumping = false;

  constructor(parts: DirectDriverParts, parkedEnd: number) {
    this.#parts = parts;
    this.#lanes = new DirectLanes(parts.settings, parkedEnd);
    this.#parks = new BatchStage((batch) => this.#park(batch), parts.onError);
    this.#alarm = new Alarm(parts.clock, () => this.#tick());
  }

  /** What is committed beside the offset: the end of what stands on the waiting partition from here. */
  get metadata(): string {
    return `w=${this.#lanes.parkedEnd}`;
  }

  get parkedEnd(): number {
    return this.#lanes.parkedEndAtStart;
  }

  knownOf(entry: Entry): number | undefined {
    return this.#known.get(entry);
  }

  replaysOver(): boolean {
    return false;
  }

  arrived(entry: Entry): void {
    const { orderKey, place } = placeOf(entry);
    const handed: Handed = { lane: `${entry.delivery.claim.tenant}\0${orderKey}`, place, entry };
    this.#handed.set(entry, handed);
    this.#tell((nowMs) => this.#lanes.arrived(handed, nowMs));
  }

  /** The partition has no room for more records, or has room again. */
  full(isFull: boolean): void {
    this.#isFull = isFull;
    if (isFull) this.#tick();
  }

  moveAside(entry: Entry): void {
    this.#about(entry, ({ lane }) => this.#lanes.moveAside(lane));
  }

  answered(entry: Entry, answer: OrderClaimAnswer): void {
    this.#about(entry, (handed, nowMs) => this.#lanes.answered(handed, answer, nowMs));
  }

  marked(entry: Entry): void {
    this.#untold.set(entry, false);
    this.ended(entry);
  }

  over(entry: Entry): void {
    const letGo = this.#untold.get(entry);
    this.#untold.delete(entry);
    if (letGo === true) this.#parts.onSettled(entry);
  }

  ended(entry: Entry): void {
    this.#about(entry, (handed, nowMs) => this.#lanes.ended(handed, nowMs));
  }

  failed(entry: Entry, dueMs: number): void {
    this.#about(entry, (handed, nowMs) => this.#lanes.failed(handed, dueMs, nowMs));
  }

  lost(entry: Entry): void {
    this.#about(entry, (handed, nowMs) => this.#lanes.lost(handed, nowMs));
  }

  close(): void {
    this.#isOpen = false;
    this.#alarm.clear();
    this.#handed.clear();
    this.#known.clear();
    this.#untold.clear();
  }

  #about(entry: Entry, what: (handed: Handed, nowMs: number) => void): void {
    const handed = this.#handed.get(entry);
    if (handed !== undefined) this.#tell((nowMs) => what(handed, nowMs));
  }

  #tell(what: (nowMs: number) => void): void {
    if (!this.#isOpen) return;
    what(this.#parts.clock.nowMs());
    this.#pump();
  }

  #tick(): void {
    this.#tell((nowMs) => {
      this.#lanes.tick(nowMs);
      if (this.#isFull) this.#lanes.windowFull(nowMs);
    });
  }

  /** Does what the machine says, and what follows from that. */
  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    try {
      for (let actions = this.#lanes.drain(); actions.length > 0; actions = this.#lanes.drain()) {
        for (const action of actions) this.#do(action);
      }
    } finally {
      this.#isPumping = false;
    }
    const lookMs = this.#isFull ? this.#parts.clock.nowMs() + FULL_LOOK_MS : Number.POSITIVE_INFINITY;
    const dueMs = Math.min(this.#lanes.nextWakeMs ?? Number.POSITIVE_INFINITY, lookMs);
    if (dueMs !== Number.POSITIVE_INFINITY) this.#alarm.setFor(dueMs);
  }

  #do(action: DirectAction<Handed>): void {
    const { record: handed } = action;
    const { entry } = handed;
    switch (action.kind) {
      case 'claim':
        if (action.known !== undefined) this.#known.set(entry, action.known);
        this.#parts.onClaim(entry);
        return;
      case 'park':
        this.#parks.add({ handed, request: this.#parkRequest(entry, action) });
        return;
      case 'write':
        this.#parts.write(entry, (offset) =>
          this.#tell((nowMs) => this.#lanes.written(handed, offset, nowMs)),
        );
        return;
      case 'settle':
        this.#known.delete(entry);
        this.#handed.delete(entry);
        if (this.#untold.has(entry)) this.#untold.set(entry, true);
        else this.#parts.onSettled(entry);
    }
  }

  #parkRequest(entry: Entry, { known, follows }: DirectAction<Handed> & { kind: 'park' }): ParkRequest {
    const request = {
      ...placedId(this.#parts.job, entry),
      waitingPartition: placeOf(entry).waitingPartition,
      parkedEnd: this.#lanes.parkedEndAtStart,
      follows,
    };
    return known === undefined ? request : { ...request, known };
  }

  async #park(batch: readonly Park[]): Promise<void> {
    const answers = await this.#parts.state.parkAll(batch.map(({ request }) => request));
    this.#tell((nowMs) => {
      batch.forEach(({ handed }, index) => {
        const answer: ParkAnswer | undefined = answers[index];
        if (answer !== undefined) this.#lanes.parkAnswered(handed, answer, nowMs);
      });
    });
  }
}
