import type { ConsumerListener } from '../../core/ports/broker.ts';

/**
 * A listener whose exceptions never reach kafkajs, which would count them, rejoin, or die of them. A listener that
 * throws breaks its word: it is told of the crash and of nothing after it, as nothing it holds can be trusted.
 */
export class GuardedListener {
  readonly #listener: ConsumerListener;
  readonly #onBreach: (error: Error) => void;
  #isBroken = false;

  constructor(listener: ConsumerListener, onBreach: (error: Error) => void) {
    this.#listener = listener;
    this.#onBreach = onBreach;
  }

  /** Tells the listener something. */
  tell(message: (listener: ConsumerListener) => void): void {
    if (this.#isBroken) return;
    try {
      message(this.#listener);
    } catch (thrown) {
      this.#isBroken = true;
      this.#break(thrown instanceof Error ? thrown : new Error(String(thrown)));
    }
  }

  #break(error: Error): void {
    this.#onBreach(error);
    try {
      this.#listener.onCrash(error);
    } catch {
      // The breach is known already.
    }
  }
}
