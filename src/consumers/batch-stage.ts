/**
 * A step that is done for many items at once: one call at a time, and what arrives during its flight is the next
 * batch. So a lone item is not delayed, a thousand cost a handful of round trips, and no item costs a promise.
 */
export class BatchStage<Item> {
  readonly #call: (batch: readonly Item[]) => Promise<void>;
  readonly #onError: (error: unknown) => void;
  readonly #maxBatch: number;
  #waiting: Item[] = [];
  #flying = false;

  /** What `call` rejects with is given to `onError`; its items are not tried again. */
  constructor(
    call: (batch: readonly Item[]) => Promise<void>,
    onError: (error: unknown) => void,
    maxBatch = 192,
  ) {
    this.#call = call;
    this.#onError = onError;
    this.#maxBatch = maxBatch;
  }

  /** Hands an item over. */
  add(item: Item): void {
    this.#waiting.push(item);
    if (this.#flying) return;
    this.#flying = true;
    // A turn of the event loop lets the rest of the same batch arrive first.
    setImmediate(() => void this.#fly());
  }

  async #fly(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#take();
      try {
        await this.#call(batch);
      } catch (error) {
        this.#onError(error);
      }
    }
    this.#flying = false;
  }

  #take(): readonly Item[] {
    if (this.#waiting.length > this.#maxBatch) return this.#waiting.splice(0, this.#maxBatch);
    const batch = this.#waiting;
    this.#waiting = [];
    return batch;
  }
}
