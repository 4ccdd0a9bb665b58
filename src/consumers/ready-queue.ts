const PRIORITIES = 10;

/** First in, first out within a priority; priority 1 goes first. */
export class ReadyQueue<T> {
  readonly #queues: T[][] = Array.from({ length: PRIORITIES + 1 }, () => []);
  readonly #heads: number[] = Array.from({ length: PRIORITIES + 1 }, () => 0);
  #size = 0;

  /** `priority` outside 1 to 10 is taken for the nearest. */
  push(item: T, priority: number): void {
    this.#queues[Math.min(Math.max(Math.round(priority), 1), PRIORITIES)]?.push(item);
    this.#size += 1;
  }

  shift(): T | undefined {
    for (let priority = 1; priority <= PRIORITIES; priority += 1) {
      const queue = this.#queues[priority] ?? [];
      const head = this.#heads[priority] ?? 0;
      if (head >= queue.length) continue;
      const item = queue[head];
      this.#forget(priority, queue, head + 1);
      this.#size -= 1;
      return item;
    }
    return undefined;
  }

  get size(): number {
    return this.#size;
  }

  /** Moves the head on; drops what lies behind it when that is most of the array. */
  #forget(priority: number, queue: T[], head: number): void {
    const worthIt = head === queue.length || (head > 512 && head * 2 > queue.length);
    if (worthIt) queue.splice(0, head);
    this.#heads[priority] = worthIt ? 0 : head;
  }
}
