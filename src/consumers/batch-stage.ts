const MOST_ITEMS = 192;

/**
 * A step that is done for many items at once: what arrives during a call's flight is the next batch. So a lone item is
 * not delayed, a thousand cost a handful of round trips, and no item costs a promise. One call is under way at a time;
 * with `overlaps` a second one while a whole batch waits, so that the server works on it while the answers to the first
 * are handled here. Then calls may take effect in another order than the items came.
 */
export class BatchStage<Item> {
  readonly #call: (batch: readonly Item[]) => Promise<void>;
  readonly #onError: (error: unknown) => void;
  readonly #overlaps: boolean;
  #waiting: Item[] = [];
  #flying = false;
  #flyingBeside = false;

  /** What `call` rejects with is given to `onError`; its items are not tried again. */
  constructor(
    call: (batch: readonly Item[]) => Promise<void>,
    onError: (error: unknown) => void,
    overlaps = false,
  ) {
    this.#call = call;
    this.#onError = onError;
    this.#overlaps = overlaps;
  }

  /** Hands an item over. */
  add(item: Item): void {
    this.#waiting.push(item);
    if (!this.#flying) {
      this.#flying = true;
      // A turn of the event loop lets the rest of the same batch arrive first.
      setImmediate(() => void this.#fly());
    } else if (this.#overlaps && !this.#flyingBeside && this.#waiting.length >= MOST_ITEMS) {
      this.#flyingBeside = true;
      void this.#flyBeside();
    }
  }

  async #fly(): Promise<void> {
    while (this.#waiting.length > 0) await this.#callOnce();
    this.#flying = false;
  }

  async #flyBeside(): Promise<void> {
    while (this.#waiting.length >= MOST_ITEMS) await this.#callOnce();
    this.#flyingBeside = false;
  }

  async #callOnce(): Promise<void> {
    try {
      await this.#call(this.#take());
    } catch (error) {
      this.#onError(error);
    }
  }

  #take(): readonly Item[] {
    if (this.#waiting.length > MOST_ITEMS) return this.#waiting.splice(0, MOST_ITEMS);
    const batch = this.#waiting;
    this.#waiting = [];
    return batch;
  }
}
