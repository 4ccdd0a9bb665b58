import type { Delivery } from '../../../../src/consumers/delivery.ts';
import { Entry } from '../../../../src/consumers/entry.ts';
import { PartitionHome } from '../../../../src/consumers/partition-home.ts';
import { FairQueue } from '../../../../src/consumers/scheduling/fair-queue.ts';
import { FloodWatch } from '../../../../src/consumers/surplus/flood-watch.ts';
import { type ManualClock, manualClock } from '../../../support/manual-clock.ts';

/** A record of the simulated partition: whose it is, and when it came, ms. */
export interface Arrival {
  readonly tenant: string;
  readonly atMs: number;
}

export interface FloodedPartitionOptions {
  readonly arrivals: readonly Arrival[];
  readonly concurrency: number;
  readonly workMs: number;
  /** How many copies can be written, a ms. */
  readonly movesPerMs: number;
  /** Most at once of a tenant; default no cap. */
  readonly caps?: Readonly<Record<string, number>>;
  /** The process has no time to spare. */
  readonly busy?: boolean;
  /** Without, nothing is moved. */
  readonly watched?: boolean;
}

export interface FloodedRun {
  readonly moved: number;
  /** The longest time from the arrival of a tenant's record to its start, ms. */
  longestWaitMs(tenants: readonly string[]): number;
  /** When the last one had run, ms. */
  readonly tookMs: number;
}

const WINDOW = { records: 1_000, bytes: 1_000_000_000 };
/** What a worker takes of the surplus while it moves, a ms. */
const SURPLUS_PER_MS = 0.16;

/**
 * One partition in virtual time: the real window, watch and turns among tenants; intake, slots and copies are played. What
 * is moved is worked off by the same slots, under the name of its tenant.
 */
class FloodedPartition {
  readonly #options: FloodedPartitionOptions;
  readonly #clock: ManualClock = manualClock(0);
  readonly #home = new PartitionHome({ topic: 'events', partition: 0 }, 0n, 1, WINDOW);
  readonly #ready: FairQueue<Entry>;
  readonly #watch: FloodWatch;
  /** Those that run, by when they end. */
  #running: { readonly entry: Entry; readonly endMs: number }[] = [];
  readonly #surplus: Entry[] = [];
  readonly #aside = new Set<Entry>();
  readonly waits = new Map<string, number>();
  moved = 0;
  #arrived = 0;
  #read = 0;
  /** Copies that may be written now; below 0 while some are still on their way. */
  #copies = 0;
  #surplusMay = 0;

  constructor(options: FloodedPartitionOptions) {
    this.#options = options;
    this.#ready = new FairQueue({
      alive: ({ dropped }) => !dropped,
      shareOf: (tenant) => ({ concurrency: options.caps?.[tenant] }),
    });
    this.#watch = new FloodWatch({
      ...{ home: this.#home, clock: this.#clock, windowRecords: WINDOW.records, isPaused: () => false },
      handlersWait: () => true,
      isBusy: () => options.busy === true,
      isHeldBack: (tenant) =>
        this.#ready.startable === 0 || this.#ready.standing(tenant).obstacles.length > 0,
      hasOthers: (than) =>
        this.#options.arrivals.slice(this.#read, this.#arrived).some(({ tenant }) => !than.has(tenant)),
      takeAside: (entries) => this.#takeAside(entries),
    });
    this.#home.watch = this.#watch;
  }

  get isDone(): boolean {
    const { arrivals } = this.#options;
    return (
      this.#read === arrivals.length &&
      this.#running.length === 0 &&
      this.#ready.size + this.#surplus.length === 0
    );
  }

  get nowMs(): number {
    return this.#clock.nowMs();
  }

  /** Lets a millisecond pass. */
  step(): void {
    this.#clock.advance(1);
    this.#copies = Math.min(this.#copies + this.#options.movesPerMs, this.#options.movesPerMs);
    this.#surplusMay += SURPLUS_PER_MS;
    this.#end();
    this.#arrive();
    this.#takeIn();
    this.#takeSurplus();
    this.#start();
  }

  #arrive(): void {
    const { arrivals } = this.#options;
    while ((arrivals[this.#arrived]?.atMs ?? Number.POSITIVE_INFINITY) <= this.nowMs) this.#arrived += 1;
    this.#home.end = BigInt(this.#arrived);
  }

  #takeIn(): void {
    while (this.#read < this.#arrived && !this.#home.windowFull && this.#copies > 0) {
      const entry = this.#entryAt(this.#read);
      this.#read += 1;
      if (this.#options.watched !== false && this.#watch.isSurplus(entry)) {
        this.#moveAway(entry);
      } else {
        if (this.#options.watched !== false) this.#watch.stays(entry);
        this.#ready.push(entry, entry.delivery.tenant, 5);
      }
    }
  }

  #entryAt(index: number): Entry {
    const { tenant = '' } = this.#options.arrivals[index] ?? {};
    const record = recordAt(index);
    this.#home.admit(record);
    this.#home.nextIncoming();
    return new Entry(deliveryOf(tenant, record), this.#home);
  }

  #moveAway(entry: Entry): void {
    this.moved += 1;
    this.#copies -= 1;
    this.#home.moved(entry.delivery.record.offset);
    this.#home.settle(entry.delivery.record.offset);
    this.#surplus.push(entry);
  }

  #takeAside(entries: readonly Entry[]): readonly Entry[] {
    const waiting = entries.filter(({ holds }) => holds === 'nothing');
    for (const entry of waiting) entry.dropped = true;
    this.#ready.prune();
    for (const entry of waiting) this.#moveAway(entry);
    return waiting;
  }

  #takeSurplus(): void {
    while (this.#surplus.length > 0 && this.#ready.size < WINDOW.records) {
      if (this.#watch.hurries && this.#surplusMay < 1) return;
      this.#surplusMay = Math.max(0, this.#surplusMay - 1);
      const entry = this.#surplus.shift();
      if (entry === undefined) return;
      entry.dropped = false;
      this.#aside.add(entry);
      this.#ready.push(entry, entry.delivery.tenant, 5);
    }
  }

  #start(): void {
    while (this.#running.length < this.#options.concurrency) {
      const entry = this.#ready.shift();
      if (entry === undefined) return;
      entry.holds = 'slot';
      const { tenant, record } = entry.delivery;
      const waitedMs = this.nowMs - (this.#options.arrivals[Number(record.offset)]?.atMs ?? 0);
      this.waits.set(tenant, Math.max(this.waits.get(tenant) ?? 0, waitedMs));
      this.#running.push({ entry, endMs: this.nowMs + this.#options.workMs });
    }
  }

  #end(): void {
    for (const { entry, endMs } of this.#running) {
      if (endMs > this.nowMs) continue;
      this.#ready.ended(entry.delivery.tenant);
      if (this.#aside.has(entry)) continue;
      this.#watch.over();
      this.#watch.left(entry);
      this.#home.settle(entry.delivery.record.offset);
    }
    this.#running = this.#running.filter(({ endMs }) => endMs > this.nowMs);
  }
}

export const recordAt = (offset: number): Delivery['record'] => ({
  ...{ topic: 'events', partition: 0, offset: BigInt(offset), timestampMs: 0 },
  ...{ key: null, value: null, headers: [] },
});

/** A delivery of an unordered type, as far as watches look at it. */
export const deliveryOf = (tenant: string, record: Delivery['record']): Delivery => ({
  ...{
    record,
    envelope: {},
    tenant,
    correlationId: 'c',
    position: `${record.offset}`,
    origin: `${record.offset}`,
  },
  job: { id: `${record.offset}`, type: 'settle', attempt: 1, starts: 0, hop: 0, replayCount: 0 },
  claim: { jobType: 'settle', tenant, idempotencyKey: `${record.offset}` },
  ...{ payload: undefined, notBeforeMs: undefined, priority: 5, order: undefined, deadOnArrival: undefined },
});

const LONGEST_MS = 600_000;

/** Plays it to its end. */
export const runFlooded = (options: FloodedPartitionOptions): FloodedRun => {
  const partition = new FloodedPartition(options);
  while (!partition.isDone) {
    partition.step();
    if (partition.nowMs > LONGEST_MS) throw new Error('the simulated partition does not come to an end');
  }
  return {
    moved: partition.moved,
    tookMs: partition.nowMs,
    longestWaitMs: (tenants) => Math.max(...tenants.map((tenant) => partition.waits.get(tenant) ?? 0)),
  };
};
