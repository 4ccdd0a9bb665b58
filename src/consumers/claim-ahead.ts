/** Claims made ahead of a free slot wait at most about this long for one, ms. */
const HORIZON_MS = 20;
const MEASURE_MS = 50;
/** More would not make it faster: what is under way is objects that live too long to be collected cheaply. */
const MOST_AHEAD = 192;

/**
 * How many jobs may be claimed before a slot is free for them: as many as were lately done in the time of a few round
 * trips. So short jobs do not wait for claims, and long ones are never claimed before they can start (a claim of a
 * process that dies counts as a start).
 */
export class ClaimAhead {
  #sinceMs = 0;
  #ended = 0;
  #allowance = 0;

  /** A handler has ended. */
  ended(): void {
    this.#ended += 1;
  }

  allowance(nowMs: number): number {
    const pastMs = nowMs - this.#sinceMs;
    if (pastMs >= MEASURE_MS) {
      this.#allowance = Math.min(MOST_AHEAD, Math.floor((this.#ended / pastMs) * HORIZON_MS));
      this.#sinceMs = nowMs;
      this.#ended = 0;
    }
    return this.#allowance;
  }
}
