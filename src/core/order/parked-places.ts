/** What a worker says that it knows to be parked. */
interface Known {
  readonly known?: number;
}

const NOTHING: Known = {};

/** The largest place of each lane that this worker parked: believed more than a store that may have lost it. */
export class ParkedPlaces {
  readonly #rememberMs: number;
  /** By the time of the last one. */
  readonly #parked = new Map<string, { readonly known: number; readonly atMs: number }>();

  /** `rememberMs`: how long a place is of use. */
  constructor(rememberMs: number) {
    this.#rememberMs = rememberMs;
  }

  /** What goes with a claim or a park of the lane. */
  known(lane: string): Known {
    const parked = this.#parked.get(lane);
    return parked === undefined ? NOTHING : { known: parked.known };
  }

  remember(lane: string, place: number, nowMs: number): void {
    const before = this.#parked.get(lane)?.known ?? place;
    this.#parked.delete(lane);
    this.#parked.set(lane, { known: Math.max(before, place), atMs: nowMs });
  }

  forget(lane: string): void {
    this.#parked.delete(lane);
  }

  forgetOld(nowMs: number): void {
    for (const [lane, { atMs }] of this.#parked) {
      if (nowMs - atMs < this.#rememberMs) return;
      this.#parked.delete(lane);
    }
  }
}
