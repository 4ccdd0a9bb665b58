import type { Clock } from '../../core/clock.ts';
import { EsteiraError } from '../../core/errors.ts';

/** One who asks for room. */
export interface RoomRequest {
  readonly bytes: number;
  /** How long to wait for room, ms; without it not at all. */
  readonly patienceMs: number | undefined;
  enter(): void;
  refuse(error: EsteiraError): void;
}

interface Waiter {
  readonly request: RoomRequest;
  cancel(): void;
}

/** Room for bytes that wait to be written: bounded, given out in the order asked. */
export class SendBuffer {
  readonly #limit: number;
  readonly #clock: Clock;
  readonly #waiters: Waiter[] = [];
  #used = 0;

  constructor(limit: number, clock: Clock) {
    this.#limit = limit;
    this.#clock = clock;
  }

  /** Takes room at once; answers false, and takes none, where there is none. */
  enter(bytes: number): boolean {
    // Whoever waits already goes first, also when a smaller record would fit: the order of calls is the order written.
    if (this.#waiters.length > 0 || !this.#fits(bytes)) return false;
    this.#used += bytes;
    return true;
  }

  /** Calls `enter` when there is room, if that is within the patience, else `refuse`. */
  wait(request: RoomRequest): void {
    if (request.patienceMs === undefined || request.bytes > this.#limit) request.refuse(this.#full(request));
    else this.#line(request, request.patienceMs);
  }

  /** Gives bytes back. */
  leave(bytes: number): void {
    this.#used -= bytes;
    if (this.#waiters.length > 0) this.#admitWaiting();
  }

  /** Refuses all who still wait. */
  close(error: EsteiraError): void {
    for (const { request, cancel } of this.#waiters.splice(0)) {
      cancel();
      request.refuse(error);
    }
  }

  #admitWaiting(): void {
    for (
      let next = this.#waiters[0];
      next !== undefined && this.#fits(next.request.bytes);
      next = this.#waiters[0]
    ) {
      this.#waiters.shift();
      next.cancel();
      this.#used += next.request.bytes;
      next.request.enter();
    }
  }

  #fits(bytes: number): boolean {
    return this.#used + bytes <= this.#limit;
  }

  #line(request: RoomRequest, patienceMs: number): void {
    const cancel = this.#clock.after(patienceMs, () => {
      const at = this.#waiters.findIndex((waiter) => waiter.request === request);
      if (at >= 0) this.#waiters.splice(at, 1);
      request.refuse(this.#full(request));
    });
    this.#waiters.push({ request, cancel });
  }

  #full({ bytes }: RoomRequest): EsteiraError {
    return new EsteiraError(
      'ESTEIRA_BUFFER_FULL',
      'Too much waits to be written: nothing of this was. Slow down.',
      {
        facts: { bytes, limit: this.#limit },
      },
    );
  }
}
