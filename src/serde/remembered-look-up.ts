import type { Clock } from '../core/clock.ts';
import { BoundedCache } from './bounded-cache.ts';
import type { RegistryGate } from './registry-gate.ts';

export interface LookUpOptions {
  readonly gate: RegistryGate;
  readonly clock: Clock;
  /** Answers remembered, and as many non-answers. */
  readonly limit: number;
  /** How long "there is none" is believed, ms. */
  readonly negativeMs: number;
}

/** Remembers what was found for good, what was not found for a while; asks once however many want to know. */
export class RememberedLookUp<K, V> {
  readonly #options: LookUpOptions;
  readonly #found: BoundedCache<K, V>;
  readonly #missingUntilMs: BoundedCache<K, number>;
  readonly #asking = new Map<K, Promise<V | undefined>>();

  constructor(options: LookUpOptions) {
    this.#options = options;
    this.#found = new BoundedCache(options.limit);
    this.#missingUntilMs = new BoundedCache(options.limit);
  }

  /** @throws whatever the gate and `ask` throw; that is not remembered here. */
  async get(key: K, ask: () => Promise<V | undefined>): Promise<V | undefined> {
    const found = this.#found.get(key);
    if (found !== undefined) return found;
    if ((this.#missingUntilMs.get(key) ?? 0) > this.#options.clock.nowMs()) return undefined;
    return this.#asking.get(key) ?? this.#ask(key, ask);
  }

  #ask(key: K, ask: () => Promise<V | undefined>): Promise<V | undefined> {
    const asked = this.#options.gate
      .pass(ask)
      .then((answer) => this.#remember(key, answer))
      .finally(() => this.#asking.delete(key));
    this.#asking.set(key, asked);
    return asked;
  }

  #remember(key: K, answer: V | undefined): V | undefined {
    if (answer === undefined) {
      this.#missingUntilMs.set(key, this.#options.clock.nowMs() + this.#options.negativeMs);
    } else {
      this.#found.set(key, answer);
    }
    return answer;
  }
}
