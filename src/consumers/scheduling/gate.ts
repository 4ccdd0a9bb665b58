/** Why somebody stops starts on purpose. `paused`: an operator; `suspended`: a dependency is down; `limited`: a limit could not be asked. */
export type HoldReason = 'paused' | 'suspended' | 'limited';

/** Everything that may keep a tenant or a queue from starting another job now. */
export type Obstacle = HoldReason | 'concurrency';

const HOLDS: Readonly<Record<HoldReason, number>> = { paused: 1, suspended: 2, limited: 4 };
const REASONS = ['paused', 'suspended', 'limited'] as const;

/** Whether a tenant, or a queue, may start one more: its cap, and who holds it. */
export class Gate {
  running = 0;
  /** Most at once. */
  cap = Number.POSITIVE_INFINITY;
  #holds = 0;

  get open(): boolean {
    return this.#holds === 0 && this.running < this.cap;
  }

  /** How many more may start now. */
  get room(): number {
    return this.#holds === 0 ? Math.max(0, this.cap - this.running) : 0;
  }

  get held(): boolean {
    return this.#holds !== 0;
  }

  /** Counts starts. */
  start(count: number): void {
    this.running += count;
  }

  hold(why: HoldReason): void {
    this.#holds |= HOLDS[why];
  }

  allow(why: HoldReason): void {
    this.#holds &= ~HOLDS[why];
  }

  /** What keeps it shut; empty when it is open. */
  obstacles(): readonly Obstacle[] {
    return [
      ...REASONS.filter((why) => (this.#holds & HOLDS[why]) !== 0),
      ...(this.running >= this.cap ? (['concurrency'] as const) : []),
    ];
  }
}
