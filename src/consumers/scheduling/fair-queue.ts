import type { HoldReason, Obstacle } from './gate.ts';
import { PriorityTurns } from './priority-turns.ts';
import { Ring } from './ring.ts';
import { type Lane, TenantLanes } from './tenant-lanes.ts';

/** What a tenant may have of a job type. */
export interface TenantShare {
  /** Starts a turn, a whole number from 1; default 1. One of weight 4 starts four times as many when all are waiting. */
  readonly weight?: number | undefined;
  /** Most at once; default no cap. */
  readonly concurrency?: number | undefined;
}

export interface FairQueueOptions<T> {
  /** Asked when a tenant turns up, and again by `refresh`; default: all the same, without caps. */
  readonly shareOf?: (tenant: string) => TenantShare;
  /** Whether an entry is still wanted; asked when its turn comes. An unwanted one is dropped and costs nobody a turn. */
  readonly alive?: (item: T) => boolean;
  /** One of so many starts goes to a later priority while the first has work; default 16. */
  readonly laterEvery?: number;
}

/** How a tenant stands, for people who ask why. */
export interface TenantStanding {
  readonly waiting: number;
  readonly running: number;
  /** What keeps it from starting another; empty when nothing does. */
  readonly obstacles: readonly Obstacle[];
}

const PRIORITIES = 10;
/** Below this many tenants, looking for idle ones is not worth its time. */
const SMALLEST_SWEEP = 1_024;

/**
 * The ready entries of one job type, in the order in which they start.
 *
 * - Priority 1 goes before 2 and so on to 10, but one of 16 starts goes to the later ones, in turn among them.
 * - Within a priority tenants take turns, each with as many starts as its weight; a tenant's own entries keep their order.
 * - A tenant that may not start (its cap, a hold) leaves the circle at once and is back when it may, at
 *   the end of it: it costs the others nothing, however many there are of its kind.
 * - Work-conserving: `shift` answers nothing only when no entry may start.
 *
 * So the first entry of a tenant that may start waits at most for one turn of each other tenant at its priority, times
 * 16 times the number of later priorities with work when an earlier priority is flooded.
 */
export class FairQueue<T> {
  readonly #shareOf: (tenant: string) => TenantShare;
  readonly #alive: (item: T) => boolean;
  readonly #tenants = new Map<string, TenantLanes<T>>();
  readonly #rings: readonly Ring<Lane<T>>[] = Array.from(
    { length: PRIORITIES + 1 },
    () => new Ring<Lane<T>>(),
  );
  readonly #turns: PriorityTurns;
  /** Bit p is set while the ring of priority p has a lane. */
  #ready = 0;
  #size = 0;
  /** Entries of tenants that may not start another. */
  #barred = 0;
  #isOpen = true;
  #sweepAt = SMALLEST_SWEEP;

  constructor(options: FairQueueOptions<T> = {}) {
    this.#shareOf = options.shareOf ?? (() => ({}));
    this.#alive = options.alive ?? (() => true);
    this.#turns = new PriorityTurns(options.laterEvery ?? 16);
  }

  /** Entries that wait, those nobody wants any more included until their turn. */
  get size(): number {
    return this.#size;
  }

  /** Whether an entry may start now (it may turn out to be one that nobody wants any more). */
  get ready(): boolean {
    return this.#isOpen && this.#ready !== 0;
  }

  /** Entries whose tenants may start another; nobody's entries included until their turn. */
  get startable(): number {
    return this.#size - this.#barred;
  }

  /** Adds an entry behind the tenant's others; a `priority` outside 1 to 10 is taken for the nearest. */
  push(item: T, tenant: string, priority: number): void {
    const lane = this.#laneOf(tenant, priority);
    lane.append(item);
    this.#arrived(lane);
  }

  /** Gives back what `shift` answered and could not start: first of its tenant again, no longer running. */
  putBack(item: T, tenant: string, priority: number): void {
    const lane = this.#laneOf(tenant, priority);
    lane.prepend(item);
    this.#arrived(lane);
    this.ended(tenant);
  }

  /** Takes the entry whose turn it is, and counts it as running; undefined when none may start. */
  shift(): T | undefined {
    while (this.#isOpen && this.#ready !== 0) {
      const ready = this.#ready;
      const lane = this.#rings[this.#turns.choose(ready)]?.head;
      if (lane === undefined) return undefined;
      const item = lane.peek();
      this.#leave(lane);
      if (!this.#alive(item)) continue;
      this.#turns.started(lane.priority, ready);
      this.#takeTurn(lane);
      return item;
    }
    return undefined;
  }

  /** Counts a start that did not come from `shift`; it may take the tenant beyond its cap. */
  started(tenant: string): void {
    const lanes = this.#tenantOf(tenant);
    lanes.gate.start(1);
    this.#settle(lanes);
  }

  /** Counts the end of one that was running. */
  ended(tenant: string): void {
    const lanes = this.#tenants.get(tenant);
    if (lanes === undefined || lanes.gate.running === 0) return;
    lanes.gate.running -= 1;
    this.#settle(lanes);
  }

  /** Whether nothing starts, whoever's it is. */
  get isBarred(): boolean {
    return !this.#isOpen;
  }

  /** Starts nothing until `open`. */
  bar(): void {
    this.#isOpen = false;
  }

  open(): void {
    this.#isOpen = true;
  }

  /** Starts no more of a tenant until `allow` with the same reason. */
  hold(tenant: string, why: HoldReason): void {
    const lanes = this.#tenantOf(tenant);
    lanes.gate.hold(why);
    this.#settle(lanes);
  }

  /** Takes a hold away. */
  allow(tenant: string, why: HoldReason): void {
    const lanes = this.#tenants.get(tenant);
    if (lanes === undefined) return;
    lanes.gate.allow(why);
    this.#settle(lanes);
  }

  /** Asks for the shares anew, after they have changed: those of one tenant, or of all. */
  refresh(tenant?: string): void {
    if (tenant === undefined) for (const lanes of this.#tenants.values()) this.#refresh(lanes);
    const lanes = tenant === undefined ? undefined : this.#tenants.get(tenant);
    if (lanes !== undefined) this.#refresh(lanes);
  }

  /** Drops what nobody wants any more, without waiting for its turn; answers how many. Looks at every entry. */
  prune(): number {
    let gone = 0;
    for (const lanes of this.#tenants.values()) {
      for (const lane of lanes.lanes) {
        const dropped = lane.retain(this.#alive);
        lanes.waiting -= dropped;
        if (!lanes.taking) this.#barred -= dropped;
        gone += dropped;
        if (lane.empty) this.#unlink(lane);
      }
    }
    this.#size -= gone;
    return gone;
  }

  /** How a tenant stands. */
  standing(tenant: string): TenantStanding {
    const lanes = this.#tenants.get(tenant);
    if (lanes === undefined) return { waiting: 0, running: 0, obstacles: [] };
    return { waiting: lanes.waiting, running: lanes.gate.running, obstacles: lanes.gate.obstacles() };
  }

  /** Tenants with entries or with a hold, each with its standing. */
  *standings(): Generator<readonly [tenant: string, standing: TenantStanding]> {
    for (const [tenant, lanes] of this.#tenants) if (!lanes.idle) yield [tenant, this.standing(tenant)];
  }

  #refresh(lanes: TenantLanes<T>): void {
    this.#share(lanes);
    this.#settle(lanes);
  }

  #laneOf(tenant: string, priority: number): Lane<T> {
    return this.#tenantOf(tenant).lane(Math.min(Math.max(Math.round(priority), 1), PRIORITIES));
  }

  #tenantOf(tenant: string): TenantLanes<T> {
    const known = this.#tenants.get(tenant);
    if (known !== undefined) return known;
    if (this.#tenants.size >= this.#sweepAt) this.#forgetIdle();
    const lanes = new TenantLanes<T>(tenant);
    this.#share(lanes);
    lanes.taking = lanes.gate.open;
    this.#tenants.set(tenant, lanes);
    return lanes;
  }

  /** Doubling keeps the cost of looking constant per tenant. */
  #forgetIdle(): void {
    for (const [tenant, lanes] of this.#tenants) if (lanes.idle) this.#tenants.delete(tenant);
    this.#sweepAt = Math.max(SMALLEST_SWEEP, this.#tenants.size * 2);
  }

  #share(lanes: TenantLanes<T>): void {
    const { weight = 1, concurrency } = this.#shareOf(lanes.id);
    lanes.weight = Math.max(1, Math.round(weight));
    lanes.gate.cap = concurrency ?? Number.POSITIVE_INFINITY;
  }

  #arrived(lane: Lane<T>): void {
    const { tenant } = lane;
    tenant.waiting += 1;
    this.#size += 1;
    if (!tenant.taking) this.#barred += 1;
    else if (lane.next === undefined) this.#link(lane);
  }

  /** Takes the first entry out of a lane. */
  #leave(lane: Lane<T>): void {
    lane.dropFirst();
    lane.tenant.waiting -= 1;
    this.#size -= 1;
    if (lane.empty) this.#unlink(lane);
  }

  #takeTurn(lane: Lane<T>): void {
    const { tenant } = lane;
    lane.left -= 1;
    if (lane.left <= 0 && lane.next !== undefined) {
      lane.left = tenant.weight;
      this.#rings[lane.priority]?.turn();
    }
    tenant.gate.start(1);
    if (!tenant.gate.open) this.#settle(tenant);
  }

  /** Puts a tenant's lanes where its gate says: into the rings, or out of them. */
  #settle(tenant: TenantLanes<T>): void {
    const { open } = tenant.gate;
    if (open === tenant.taking) return;
    tenant.taking = open;
    this.#barred += open ? -tenant.waiting : tenant.waiting;
    for (const lane of tenant.lanes) {
      if (!open) this.#unlink(lane);
      else if (!lane.empty) this.#link(lane);
    }
  }

  #link(lane: Lane<T>): void {
    lane.left = lane.tenant.weight;
    this.#rings[lane.priority]?.append(lane);
    this.#ready |= 1 << lane.priority;
  }

  #unlink(lane: Lane<T>): void {
    const ring = this.#rings[lane.priority];
    if (ring === undefined) return;
    ring.remove(lane);
    if (ring.head === undefined) this.#ready &= ~(1 << lane.priority);
  }
}
