import { type Soon, when } from './store.ts';
import type { Arrived, World } from './world.ts';

/** A worker process: dies, freezes and wakes as a zombie between any two steps. */
export class SimProcess {
  readonly id: number;
  readonly world: World;
  alive = true;
  frozenUntilMs = 0;
  readonly #onTrouble: (process: SimProcess) => void;
  readonly #writes: { readonly record: Arrived; readonly then: (offset: number) => void }[] = [];
  #lastArrivalMs = 0;

  constructor(id: number, world: World, onTrouble: (process: SimProcess) => void) {
    this.id = id;
    this.world = world;
    this.#onTrouble = onTrouble;
  }

  /** Does a step of this process, now or when it wakes; then it may die or freeze. */
  step(what: () => void): void {
    const { world } = this;
    if (!this.alive) return;
    if (this.frozenUntilMs > world.nowMs) {
      world.later(this.frozenUntilMs - world.nowMs, () => this.step(what));
      return;
    }
    what();
    if (!world.troubled || !this.alive) return;
    const { crashes, freezes } = world.plan;
    if (world.plan.random.chance(crashes)) this.crash();
    else if (world.plan.random.chance(freezes)) this.#freeze();
  }

  /** A step after a while. */
  after(delayMs: number, what: () => void): void {
    this.world.later(delayMs, () => this.step(what));
  }

  /** A step at a time that a timer is set for: it may come late. */
  atTimer(dueMs: number, what: () => void): void {
    const { nowMs, plan } = this.world;
    const { random, timersLateMs } = plan;
    const lateMs = timersLateMs.length === 1 ? timersLateMs[0] : random.pick(timersLateMs);
    this.after(dueMs - nowMs + lateMs, what);
  }

  /**
   * Asks the store. What was sent takes effect, whatever becomes of this process; calls arrive in their order. An
   * answer may be lost on its way: then the call is made again.
   */
  call<T>(ask: () => Soon<T>, then: (answer: T) => void): void {
    const { world } = this;
    const { random } = world.plan;
    const arrivesMs = Math.max(world.nowMs + random.between(0.1, 1.5), this.#lastArrivalMs + 0.001);
    this.#lastArrivalMs = arrivesMs;
    const answered = (answer: T): void => {
      const isLost = world.troubled && random.chance(world.plan.repeats);
      world.later(random.between(0.1, 1.5), () =>
        this.step(() => (isLost ? this.call(ask, then) : then(answer))),
      );
    };
    world.later(arrivesMs - world.nowMs, () => when(ask(), answered));
  }

  /** Writes a copy; one after the other, each acknowledged later. */
  write(record: Arrived, then: (offset: number) => void): void {
    this.#writes.push({ record, then });
    if (this.#writes.length === 1) this.#writeLater();
  }

  crash(): void {
    if (!this.alive) return;
    this.alive = false;
    this.world.crashes += 1;
    this.world.note(() => `p${this.id} dies`);
    this.#onTrouble(this);
  }

  #freeze(): void {
    const { world } = this;
    const { random } = world.plan;
    const forMs = random.chance(0.5) ? random.between(10, 900) : random.between(1_000, 9_000);
    this.frozenUntilMs = world.nowMs + forMs;
    world.freezes += 1;
    world.note(() => `p${this.id} freezes for ${forMs.toFixed(0)} ms`);
    this.#onTrouble(this);
  }

  /** What is in the socket gets there although the process is dead or frozen; what is not, waits or is lost. */
  #writeLater(): void {
    const { world } = this;
    const { random } = world.plan;
    world.later(random.between(0.3, 3), () => {
      const isSent = random.chance(0.5);
      if (!this.alive && !isSent) {
        this.#writes.length = 0;
        return;
      }
      if (this.frozenUntilMs > world.nowMs && !isSent) {
        world.later(this.frozenUntilMs - world.nowMs, () => this.#writeLater());
        return;
      }
      const write = this.#writes.shift();
      if (write === undefined) return;
      const offset = world.append(write.record, this.id);
      this.after(world.plan.ackMs * random.between(0.1, 1), () => write.then(offset));
      if (this.#writes.length > 0) this.#writeLater();
    });
  }
}
