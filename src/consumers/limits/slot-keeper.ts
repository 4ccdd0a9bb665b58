import type { Clock } from '../../core/clock.ts';
import type { LimitStore } from '../../core/ports/limits.ts';
import type { Log } from '../../core/ports/log.ts';
import type { LimitScope } from './limit-scope.ts';
import { ReturnStage } from './return-stage.ts';

/** Calls the store until it answers. */
export type Insist = <T>(what: string, call: () => Promise<T>) => Promise<T>;

export interface SlotKeeperParts {
  readonly store: LimitStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly insist: Insist;
  /** How often slots are renewed at least, ms. */
  readonly heartbeatMs: number;
  readonly onError: (error: unknown) => void;
}

/** A slot that no job of this process has used for so long goes back, ms. */
const IDLE_MS = 100;
/** Others that wait for slots are heard of at a renewal, so there is one at least this often, ms. */
const LONGEST_HEARTBEAT_MS = 500;

interface Spare {
  readonly scope: LimitScope;
  readonly holders: readonly string[];
}

/** Keeps the slots of a process: renews them, and gives back what it does not need, all in a few calls. */
export class SlotKeeper {
  readonly #parts: SlotKeeperParts;
  readonly #kept = new Set<LimitScope>();
  readonly #spare: ReturnStage<Spare>;
  readonly #renewEveryMs: number;
  readonly #lookEveryMs: number;
  #renewedMs = 0;
  #isRenewing = false;
  #cancel: (() => void) | undefined;
  #closed = false;

  constructor(parts: SlotKeeperParts) {
    this.#parts = parts;
    this.#renewEveryMs = Math.min(parts.heartbeatMs, LONGEST_HEARTBEAT_MS);
    this.#lookEveryMs = Math.min(IDLE_MS, this.#renewEveryMs / 2);
    this.#spare = new ReturnStage((batch) => this.#release(batch), parts.onError);
  }

  /** Keeps the slots of a limit for as long as it holds some. */
  keep(scope: LimitScope): void {
    this.#kept.add(scope);
    if (this.#cancel === undefined) this.#arm();
  }

  /** Gives slots back to the store. */
  giveBack(scope: LimitScope, holders: readonly string[]): void {
    this.#spare.add({ scope, holders });
  }

  /** Gives back all that no job uses; resolves when the store has it. Slots of jobs that still run stay leased. */
  async stop(): Promise<void> {
    this.#closed = true;
    this.#cancel?.();
    for (const scope of this.#kept) scope.giveUpIdle(Number.POSITIVE_INFINITY);
    await this.#spare.drained();
  }

  #arm(): void {
    if (this.#closed) return;
    this.#cancel = this.#parts.clock.after(this.#lookEveryMs, () => {
      this.#cancel = undefined;
      this.#look();
      if (this.#kept.size > 0) this.#arm();
    });
  }

  #look(): void {
    const { clock, onError } = this.#parts;
    const nowMs = clock.nowMs();
    for (const scope of this.#kept) {
      scope.giveUpIdle(nowMs - IDLE_MS);
      if (scope.held === 0) this.#kept.delete(scope);
    }
    if (this.#isRenewing || this.#kept.size === 0) return;
    if (nowMs - this.#renewedMs < this.#renewEveryMs - this.#lookEveryMs / 2) return;
    this.#renewedMs = nowMs;
    this.#isRenewing = true;
    this.#renew()
      .catch(onError)
      .finally(() => {
        this.#isRenewing = false;
      });
  }

  async #renew(): Promise<void> {
    const { store, clock, log, insist } = this.#parts;
    const asked = [...this.#kept].map((scope) => ({ scope, holders: scope.holders }));
    let askedMs = 0;
    const answers = await insist('renewSlots', () => {
      askedMs = clock.nowMs();
      return store.renewSlots(
        asked.map(({ scope, holders }) => ({ ...scope.id, holders, leaseMs: scope.leaseMs })),
      );
    });
    const gone: Spare[] = [];
    asked.forEach(({ scope, holders }, index) => {
      const { lost = [], waiting = 0 } = answers[index] ?? {};
      if (lost.length > 0)
        log.warn('slots had been freed while their jobs ran', { ...scope.id, lost: lost.length });
      scope.renewed(holders, waiting, askedMs, clock.nowMs());
      const over = holders.filter((holder) => !scope.has(holder));
      if (over.length > 0) gone.push({ scope, holders: over });
    });
    // Given back while the renewal was under way, which may have taken them anew.
    for (const spare of gone) this.#spare.add(spare);
  }

  async #release(batch: readonly Spare[]): Promise<void> {
    const { store, insist } = this.#parts;
    await insist('releaseSlots', () =>
      store.releaseSlots(batch.map(({ scope, holders }) => ({ ...scope.id, holders }))),
    );
  }
}
