/** What a handler did to the world: one line an effect, kept outside Esteira. */
export interface Effect {
  readonly key: string;
  readonly fence: number;
  readonly jobId: string;
}

/** A sink that keeps raw effects and answers what a sink unique by key and fence would hold. */
export class Ledger {
  readonly effects: Effect[] = [];

  write(key: string, fence: number, jobId: string): void {
    this.effects.push({ key, fence, jobId });
  }

  /** Effects by idempotency key. */
  get byKey(): ReadonlyMap<string, readonly Effect[]> {
    const groups = new Map<string, Effect[]>();
    for (const effect of this.effects) groups.set(effect.key, [...(groups.get(effect.key) ?? []), effect]);
    return groups;
  }
}
