import type { ErrorCode } from '../../core/errors.ts';

/** The state behind {@link memoryFaults}: what the broker asks before it answers. All switches are off at first. */
export class FaultSwitches {
  readonly sendFailures = new Map<string, ErrorCode>();
  commitsFail = false;
  readonly #heldTopics = new Set<string>();
  #allHeld = false;
  readonly #onRelease = new Set<() => void>();

  /** Whether acknowledgements of this topic are held back. */
  acksHeld(topic: string): boolean {
    return this.#allHeld || this.#heldTopics.has(topic);
  }

  hold(topic: string | undefined): void {
    if (topic === undefined) this.#allHeld = true;
    else this.#heldTopics.add(topic);
  }

  release(): void {
    this.#allHeld = false;
    this.#heldTopics.clear();
    for (const listener of this.#onRelease) listener();
  }

  /** Calls back at each release; the returned function ends that. */
  whenReleased(listener: () => void): () => void {
    this.#onRelease.add(listener);
    return () => this.#onRelease.delete(listener);
  }
}
