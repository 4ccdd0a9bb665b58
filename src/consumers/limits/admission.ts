import { randomId } from '../../core/ids.ts';
import { type AcquireRequest, WAITING_MS } from '../../core/ports/limits.ts';
import type { StartRate } from '../../core/start-rate.ts';
import { BatchStage } from '../batch-stage.ts';
import type { Entry } from '../entry.ts';
import { type HeldLine, LimitBook, type LimitBookParts, type Term } from './limit-book.ts';
import type { LimitScope } from './limit-scope.ts';
import type { SlotKeeperParts } from './slot-keeper.ts';

/** A slot that a job holds under a limit. */
export interface HeldSlot {
  readonly scope: LimitScope;
  readonly holder: string;
}

/** What asks for starts: the line of a job type. */
export interface AdmittedLine extends HeldLine {
  /** The entry may start, under these slots. */
  admitted(entry: Entry, slots: readonly HeldSlot[]): void;
  /** It may not, for now. */
  refused(entry: Entry): void;
}

export interface AdmissionParts extends SlotKeeperParts, Omit<LimitBookParts, 'lines'> {
  readonly onFreed: (slots: number) => void;
}

interface Asked {
  readonly entry: Entry;
  readonly line: AdmittedLine;
  /** The tenant's goes first, so that no start of the queue is spent on a tenant that may not start. */
  readonly terms: readonly Term[];
  readonly slots: HeldSlot[];
  refused: boolean;
}

/**
 * Lets entries of one queue start as far as its limits, and its tenants', go. An entry asks when it has a slot of this
 * process, so starts are taken when they are used, never ahead; a slot that is at hand here costs no question.
 */
export class Admission {
  readonly #parts: AdmissionParts;
  readonly #asker = randomId();
  readonly #lines: AdmittedLine[] = [];
  readonly #book: LimitBook;
  readonly #stage: BatchStage<Asked>;
  #holders = 0;
  #isDown = false;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
    this.#book = new LimitBook({ ...parts, lines: this.#lines });
    this.#stage = new BatchStage((batch) => this.#decide(batch), parts.onError);
  }

  /** Adds a line, which is held with the others. */
  join(line: AdmittedLine): void {
    this.#lines.push(line);
  }

  /** Asks for a start; the line is told, perhaps before this returns. */
  ask(entry: Entry, line: AdmittedLine): void {
    const terms = this.#book.termsOf(entry.delivery.tenant);
    const asked: Asked = { entry, line, terms, slots: [], refused: false };
    const lacks = this.#lacksSlots(asked);
    if (lacks || terms.some(({ startRate }) => startRate !== undefined)) this.#stage.add(asked);
    else line.admitted(entry, asked.slots);
  }

  /** A job has ended, or has not begun. */
  leave(slots: readonly HeldSlot[]): void {
    const nowMs = this.#parts.clock.nowMs();
    for (const { scope, holder } of slots) scope.giveBack(holder, nowMs);
  }

  /** An operator has set other limits. */
  rulesChanged(): void {
    this.#book.rulesChanged();
  }

  close(): void {
    this.#book.close();
  }

  /** Whether the store is out of reach. */
  get isDown(): boolean {
    return this.#isDown;
  }

  /** The store is out of reach, or is back. */
  outage(down: boolean): void {
    this.#isDown = down;
    if (down) this.#book.shutter.shut('outage');
    else this.#book.shutter.open('outage');
  }

  async #decide(batch: readonly Asked[]): Promise<void> {
    await this.#acquire(batch);
    await this.#takeStarts(batch, ({ scope }) => scope.id.tenant !== undefined);
    await this.#takeStarts(batch, ({ scope }) => scope.id.tenant === undefined);
    for (const { entry, line, slots, refused } of batch) if (!refused) line.admitted(entry, slots);
    // From the last on: each goes back to the front of its tenant's.
    for (const { entry, line, refused } of [...batch].reverse()) if (refused) line.refused(entry);
  }

  /** Takes what slots are at hand; answers whether some are missing. */
  #lacksSlots({ terms, slots }: Asked): boolean {
    const nowMs = this.#parts.clock.nowMs();
    let lacks = false;
    for (const { scope, limit } of terms) {
      if (limit === undefined || slots.some((slot) => slot.scope === scope)) continue;
      const holder = scope.take(nowMs);
      if (holder === undefined) lacks = true;
      else slots.push({ scope, holder });
    }
    return lacks;
  }

  async #acquire(batch: readonly Asked[]): Promise<void> {
    const lacking = batch.filter((asked) => this.#lacksSlots(asked));
    if (lacking.length === 0) return;
    const wanted = new Map<LimitScope, { readonly most: number; count: number }>();
    for (const { terms, slots } of lacking) {
      for (const { scope, limit } of terms) {
        if (limit === undefined || slots.some((slot) => slot.scope === scope)) continue;
        const want = wanted.get(scope) ?? { most: limit, count: 0 };
        want.count += 1;
        wanted.set(scope, want);
      }
    }
    await this.#acquireAll([...wanted].map(([scope, want]) => ({ scope, ...want })));
    for (const asked of lacking) if (this.#lacksSlots(asked)) this.#refuse(asked);
  }

  /** Asks for the slots of several limits at once; what is at hand then is in their scopes. */
  async #acquireAll(
    wants: readonly { readonly scope: LimitScope; readonly most: number; readonly count: number }[],
  ): Promise<void> {
    const { store, clock, insist, log, onFreed } = this.#parts;
    // All that this process may have: one of its own jobs must end first.
    for (const { scope, most, count } of wants) {
      if (scope.held + count > most) scope.shutter.shut('slots', WAITING_MS);
    }
    const requests = wants.flatMap(({ scope, most, count }) => {
      const few = Math.min(count, most - scope.held);
      return few > 0 ? [{ scope, request: this.#request(scope, most, few) }] : [];
    });
    if (requests.length === 0) return;
    let askedMs = 0;
    const answers = await insist('acquire', () => {
      askedMs = clock.nowMs();
      return store.acquire(requests.map(({ request }) => request));
    });
    const nowMs = clock.nowMs();
    requests.forEach(({ scope, request }, index) => {
      const answer = answers[index];
      if (answer === undefined) return;
      if (answer.freed > 0)
        log.info('slots of dead processes were freed', { ...scope.id, freed: answer.freed });
      onFreed(answer.freed);
      scope.add(answer.granted, askedMs, nowMs);
      const gotAll = answer.granted.length === request.holders.length;
      scope.asked(gotAll, nowMs);
      if (!gotAll) scope.shutter.shut('slots', answer.retryAtMs - answer.nowMs);
    });
  }

  #request({ id, leaseMs }: LimitScope, most: number, count: number): AcquireRequest {
    const holders = Array.from({ length: count }, () => `${this.#asker}:${this.#nextHolder()}`);
    return { ...id, holders, most, leaseMs, asker: this.#asker };
  }

  #nextHolder(): number {
    this.#holders += 1;
    return this.#holders;
  }

  async #takeStarts(batch: readonly Asked[], pick: (term: Term) => boolean): Promise<void> {
    const { store, insist } = this.#parts;
    const asking = new Map<LimitScope, { readonly rate: StartRate; readonly all: Asked[] }>();
    for (const asked of batch) {
      const term = asked.terms.find(pick);
      if (asked.refused || term?.startRate === undefined) continue;
      const known = asking.get(term.scope) ?? { rate: term.startRate, all: [] };
      known.all.push(asked);
      asking.set(term.scope, known);
    }
    if (asking.size === 0) return;
    const asked = [...asking];
    const answers = await insist('takeStarts', () =>
      store.takeStarts(asked.map(([{ id }, { rate, all }]) => ({ ...id, rate, wanted: all.length }))),
    );
    asked.forEach(([scope, { all }], index) => {
      const { granted = 0, nextMs = 0, nowMs = 0 } = answers[index] ?? {};
      if (granted < all.length) scope.shutter.shut('starts', nextMs - nowMs);
      for (const late of all.slice(granted)) this.#refuse(late);
    });
  }

  #refuse(asked: Asked): void {
    asked.refused = true;
    this.leave(asked.slots.splice(0));
  }
}
