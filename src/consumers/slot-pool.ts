/**
 * The process's cap on running handlers, shared by its job types. A freed slot is offered to the types in turn, so
 * that none starves.
 */
export class SlotPool {
  readonly #size: number;
  readonly #takers: (() => boolean)[] = [];
  #taken = 0;
  #turn = 0;
  #offering = false;

  constructor(size: number) {
    this.#size = size;
  }

  /** Registers a taker: called when slots are free; it takes at most one and says whether it did. */
  register(taker: () => boolean): void {
    this.#takers.push(taker);
  }

  /** Takes a slot; false when none is free. */
  tryTake(): boolean {
    if (this.#taken >= this.#size) return false;
    this.#taken += 1;
    return true;
  }

  /** Gives a slot back and offers it around. */
  release(): void {
    this.#taken -= 1;
    this.offer();
  }

  /** Offers free slots to the takers in turn until nobody wants one. */
  offer(): void {
    if (this.#offering) return;
    this.#offering = true;
    let refused = 0;
    while (this.#taken < this.#size && refused < this.#takers.length) {
      const taker = this.#takers[this.#turn % this.#takers.length];
      this.#turn += 1;
      refused = taker?.() === true ? 0 : refused + 1;
    }
    this.#offering = false;
  }

  get taken(): number {
    return this.#taken;
  }
}
