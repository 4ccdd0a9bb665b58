/** Items by a number, smallest first. What an item was worth when it came stays with it. */
export class MinHeap<T> {
  readonly #ranks: number[] = [];
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** The smallest rank; undefined when empty. */
  get rank(): number | undefined {
    return this.#ranks[0];
  }

  push(rank: number, item: T): void {
    let at = this.#items.length;
    this.#ranks.push(rank);
    this.#items.push(item);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#at(parent) <= rank) break;
      this.#swap(at, parent);
      at = parent;
    }
  }

  /** Takes the item with the smallest rank. */
  pop(): T | undefined {
    const top = this.#items[0];
    const rank = this.#ranks.pop();
    const item = this.#items.pop();
    if (rank === undefined || item === undefined || this.#items.length === 0) return top;
    this.#ranks[0] = rank;
    this.#items[0] = item;
    this.#sink();
    return top;
  }

  #sink(): void {
    const { length } = this.#items;
    for (let at = 0; ; ) {
      const left = 2 * at + 1;
      const right = left + 1;
      let least = at;
      if (left < length && this.#at(left) < this.#at(least)) least = left;
      if (right < length && this.#at(right) < this.#at(least)) least = right;
      if (least === at) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #at(index: number): number {
    return this.#ranks[index] ?? Number.POSITIVE_INFINITY;
  }

  #swap(a: number, b: number): void {
    const { [a]: rankA = 0, [b]: rankB = 0 } = this.#ranks;
    this.#ranks[a] = rankB;
    this.#ranks[b] = rankA;
    const itemA = this.#items[a];
    const itemB = this.#items[b];
    if (itemA === undefined || itemB === undefined) return;
    this.#items[a] = itemB;
    this.#items[b] = itemA;
  }
}
