/** What stands in a {@link Ring}; both are undefined while it stands in none. */
export interface Link<L> {
  next: L | undefined;
  previous: L | undefined;
}

/** Things that take turns: a circle whose links are in the things themselves, so that every step is O(1) and allocates nothing. */
export class Ring<L extends Link<L>> {
  #head: L | undefined;

  /** Whose turn it is. */
  get head(): L | undefined {
    return this.#head;
  }

  /** Adds one whose turn comes after all others'. It must stand in no ring. */
  append(link: L): void {
    const head = this.#head;
    const last = head?.previous;
    if (head === undefined || last === undefined) {
      link.next = link;
      link.previous = link;
      this.#head = link;
      return;
    }
    link.next = head;
    link.previous = last;
    last.next = link;
    head.previous = link;
  }

  /** Takes one out of this ring; nothing happens when it stands in none. */
  remove(link: L): void {
    const { next, previous } = link;
    if (next === undefined || previous === undefined) return;
    previous.next = next;
    next.previous = previous;
    if (this.#head === link) this.#head = next === link ? undefined : next;
    link.next = undefined;
    link.previous = undefined;
  }

  /** All, from the one whose turn it is. */
  all(): L[] {
    const all: L[] = [];
    const head = this.#head;
    for (let link = head; link !== undefined; link = link.next === head ? undefined : link.next)
      all.push(link);
    return all;
  }

  /** Gives the turn to the next. */
  turn(): void {
    this.#head = this.#head?.next;
  }
}
