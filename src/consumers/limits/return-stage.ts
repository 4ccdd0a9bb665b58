import { BatchStage } from '../batch-stage.ts';

/** Gives things back in batches, and knows when all are. */
export class ReturnStage<Item> {
  readonly #stage: BatchStage<Item>;
  #pending = 0;
  #whenNone: (() => void)[] = [];

  constructor(call: (batch: readonly Item[]) => Promise<void>, onError: (error: unknown) => void) {
    const giveBack = async (batch: readonly Item[]): Promise<void> => {
      await call(batch);
      this.#pending -= batch.length;
      if (this.#pending === 0) for (const callback of this.#whenNone.splice(0)) callback();
    };
    this.#stage = new BatchStage(giveBack, onError);
  }

  add(item: Item): void {
    this.#pending += 1;
    this.#stage.add(item);
  }

  /** Resolves once everything added so far is given back. */
  drained(): Promise<void> {
    if (this.#pending === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenNone.push(resolve));
  }
}
