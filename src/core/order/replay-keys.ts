import { NONE, type WaitingCopy, type WaitingKey } from './waiting-key.ts';

/** The plans whose replays stand on one waiting partition, by the name of the sequence they are of. */
export class ReplayKeys<C extends WaitingCopy> {
  readonly #keys = new Map<string, Set<WaitingKey<C>>>();

  /** A key was read for the first time; nothing where it is no plan's. */
  add(key: WaitingKey<C>): void {
    if (key.replayOf === undefined) return;
    const plans = this.#keys.get(key.replayOf) ?? new Set();
    this.#keys.set(key.replayOf, plans.add(key));
  }

  /** All copies of a key have ended. */
  remove(key: WaitingKey<C>): void {
    if (key.replayOf === undefined) return;
    const plans = this.#keys.get(key.replayOf);
    plans?.delete(key);
    if (plans?.size === 0) this.#keys.delete(key.replayOf);
  }

  /** Whether a replay of the sequence that has not ended stands before an offset. */
  standBefore(name: string, offset: number): boolean {
    for (const { pin } of this.#keys.get(name) ?? []) if (pin !== NONE && pin < offset) return true;
    return false;
  }
}
