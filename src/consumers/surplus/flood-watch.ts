import type { Clock } from '../../core/clock.ts';
import type { Entry } from '../entry.ts';
import type { HomeWatch, PartitionHome } from '../partition-home.ts';
import { Pace } from './pace.ts';
import { RecentTenants } from './recent-tenants.ts';
import { worthMoving } from './worth-moving.ts';

export interface FloodWatchParts {
  readonly home: PartitionHome;
  readonly clock: Clock;
  /** Records of a full window. */
  readonly windowRecords: number;
  /** Whether handlers take time: where the process itself is what is slow, moving would only be more work. */
  readonly handlersWait: (nowMs: number) => boolean;
  /** Whether nothing may start on purpose: then nothing says how fast a flood would be worked off. */
  readonly isPaused: () => boolean;
  /** Whether what waits of a tenant waits for something else than a slot: its limits, its locks, its keys. */
  readonly isHeldBack: (tenant: string) => boolean;
  /** Whether the process has no time to spare. */
  readonly isBusy: () => boolean;
  /** Whether anybody but these tenants stands among what lies unread; asked where nobody was seen lately. */
  readonly hasOthers: (than: ReadonlySet<string>) => boolean;
  /**
   * Takes entries of a tenant that floods out of the others' way, those that it still can; answers which are not held
   * here any more. In offset order; entries that stay are named again and again.
   */
  readonly takeAside: (entries: readonly Entry[]) => readonly Entry[];
}

const LOOK_MS = 100;
/** No pace is believed that was measured for less than this, ms. */
const LEAST_MEASURED_MS = 250;
/**
 * Of a tenant that floods so much waits here, beside what is under way, as ends within this time, ms: slots that are free
 * between two portions of moves (paced-moves.ts) are not left empty.
 */
const KEPT_FOR_MS = 20;
const LEAST_KEPT = 16;

const mayWait = ({ delivery, holds, underWay, dropped }: Entry): boolean =>
  delivery.deadOnArrival === undefined && holds === 'nothing' && !underWay && !dropped;

/**
 * Watches the window of one partition for tenants that flood it. A window that one tenant fills is no harm while it
 * is worked off quickly, or while nothing lies behind it. Otherwise what others have there would not even be read
 * before the flood is over, so the surplus is moved aside as long as that pays (worth-moving.ts).
 */
export class FloodWatch implements HomeWatch {
  readonly yields = false;
  readonly #parts: FloodWatchParts;
  /** Understood, and neither settled nor moved. */
  readonly #held = new Set<Entry>();
  readonly #pace = new Pace();
  /** Counted while the window is watched. */
  readonly #recent: RecentTenants;
  /** How much each tenant that floods holds here, and may. */
  readonly #flooding = new Map<string, { holds: number; readonly mayHold: number }>();
  /** Those that were held back when the moving began: what is left of them waits for a slot now and then. */
  readonly #heldBack = new Set<string>();
  #cancelLook: (() => void) | undefined;

  constructor(parts: FloodWatchParts) {
    this.#parts = parts;
    this.#recent = new RecentTenants(parts.windowRecords);
  }

  get hurries(): boolean {
    return this.#flooding.size > 0;
  }

  /** Whether an entry that was just understood is too much of its tenant. */
  isSurplus({ delivery: { tenant, deadOnArrival } }: Entry): boolean {
    if (this.#cancelLook !== undefined) this.#recent.took(tenant);
    const flood = this.#flooding.size === 0 ? undefined : this.#flooding.get(tenant);
    return flood !== undefined && flood.holds >= flood.mayHold && deadOnArrival === undefined;
  }

  /** Takes note of an entry that stays here. */
  stays(entry: Entry): void {
    this.#held.add(entry);
    this.#count(entry, 1);
    if (this.#cancelLook === undefined && this.#held.size >= this.#share) this.#arm();
  }

  /** An entry has run, or come to another end. */
  over(): void {
    this.#pace.happened();
  }

  /** An entry is not held here any more. */
  left(entry: Entry): void {
    if (this.#held.delete(entry)) this.#count(entry, -1);
  }

  close(): void {
    this.#cancelLook?.();
    this.#cancelLook = undefined;
    this.#held.clear();
    this.#flooding.clear();
  }

  /** From so many on a tenant has a large part of the window. */
  get #share(): number {
    return Math.max(1, this.#parts.windowRecords / 4);
  }

  #count({ delivery: { tenant } }: Entry, change: number): void {
    const flood = this.#flooding.size === 0 ? undefined : this.#flooding.get(tenant);
    if (flood !== undefined) flood.holds += change;
  }

  #arm(): void {
    this.#cancelLook = this.#parts.clock.after(LOOK_MS, () => this.#look());
  }

  #look(): void {
    this.#cancelLook = undefined;
    const { home, isPaused } = this.#parts;
    if (!home.alive) return;
    if (isPaused()) this.#lookAway();
    else this.#lookAtFloods();
    if (this.#flooding.size > 0 || this.#held.size >= this.#share) this.#arm();
    else this.#recent.forget();
  }

  #lookAway(): void {
    this.#letBe();
    this.#pace.forget();
  }

  #lookAtFloods(): void {
    const { clock, home, handlersWait } = this.#parts;
    const nowMs = clock.nowMs();
    const waits = handlersWait(nowMs);
    const perMs = this.#pace.look(nowMs, LEAST_MEASURED_MS);
    const waitMs = perMs === undefined ? 0 : (home.held + home.beyond) / Math.max(perMs, 1e-9);
    if (perMs === undefined || !this.#standsBehind) this.#letBe();
    else if (this.#flooding.size > 0 || waits) this.#findFloods(waitMs, perMs);
    if (this.#flooding.size > 0) this.#moveAside();
  }

  /** Whether somebody may stand behind what is held here: more lies there, or there is hardly room to look. */
  get #standsBehind(): boolean {
    const { home, windowRecords } = this.#parts;
    return home.beyond > 0 || home.held * 4 >= windowRecords * 3;
  }

  #findFloods(waitMs: number, perMs: number): void {
    const { holds, waiting } = this.#countHeld();
    const parts = this.#recent.parts(this.#share);
    for (const [tenant, count] of waiting)
      if (count >= this.#share && this.#parts.isHeldBack(tenant)) this.#heldBack.add(tenant);
    const floods = worthMoving({
      ...{ waitMs, parts, heldBack: this.#heldBack, moving: new Set(this.#flooding.keys()) },
      hasOthers: (than) =>
        [...parts.keys(), ...holds.keys()].some((tenant) => !than.has(tenant)) || this.#parts.hasOthers(than),
    });
    if (floods.size === 0) {
      this.#letBe();
      return;
    }
    this.#flooding.clear();
    for (const tenant of floods) {
      const held = holds.get(tenant) ?? 0;
      const underWay = held - (waiting.get(tenant) ?? 0);
      // Of one whose own limit holds it back, what waits keeps no slot busy; without time to spare others need it more.
      const isLittle = this.#heldBack.has(tenant) || this.#parts.isBusy();
      const mayHold = isLittle ? LEAST_KEPT : LEAST_KEPT + underWay + Math.ceil(perMs * KEPT_FOR_MS);
      this.#flooding.set(tenant, { holds: held, mayHold: Math.min(mayHold, this.#share) });
    }
  }

  /** How much of each tenant is held here, and how much of that has not begun. */
  #countHeld(): {
    readonly holds: ReadonlyMap<string, number>;
    readonly waiting: ReadonlyMap<string, number>;
  } {
    const holds = new Map<string, number>();
    const waiting = new Map<string, number>();
    for (const entry of this.#held) {
      const { tenant } = entry.delivery;
      holds.set(tenant, (holds.get(tenant) ?? 0) + 1);
      if (mayWait(entry)) waiting.set(tenant, (waiting.get(tenant) ?? 0) + 1);
    }
    return { holds, waiting };
  }

  #letBe(): void {
    this.#flooding.clear();
    this.#heldBack.clear();
  }

  #moveAside(): void {
    for (const [tenant, { mayHold }] of this.#flooding) {
      const own = [...this.#held].filter(({ delivery }) => delivery.tenant === tenant);
      for (const entry of this.#parts.takeAside(own.slice(mayHold))) this.left(entry);
    }
  }
}
