import { EsteiraError } from '../../core/errors.ts';
import type { HoldReason, Obstacle } from './gate.ts';
import { PriorityClass, QueuePlace, SeatPlace, type SlotTaker } from './slot-seats.ts';

/** A queue as the scheduler sees it. */
export interface SlotQueue {
  readonly name: string;
  readonly priority: 'high' | 'normal' | 'low';
  /** Most jobs of the queue at once in this process; default the process's cap. */
  readonly concurrency?: number | undefined;
}

export interface SlotSchedulerOptions {
  /** Most jobs at once in this process. */
  readonly size: number;
  readonly queues: readonly SlotQueue[];
  /** Calls back soon: slots that come free together are dealt together. Default at once. */
  readonly soon?: (deal: () => void) => void;
}

/** What a job type holds of the scheduler. */
export interface Seat {
  /** Says that there may be something to start; the taker is called soon if a slot is free, else when one is. */
  wake(): void;
  /** The same, and the taker is called before this returns. */
  wakeNow(): void;
  /** Gives slots back that the taker took; default 1. */
  release(slots?: number): void;
  /** Is offered nothing until `allow`. */
  hold(): void;
  allow(): void;
  readonly running: number;
}

/** How a queue stands in this process. */
export interface QueueStanding {
  readonly running: number;
  /** What keeps it from starting another; empty when nothing does. */
  readonly obstacles: readonly Obstacle[];
}

const WEIGHTS = { high: 16, normal: 4, low: 1 } as const;
const ROUND = WEIGHTS.high + WEIGHTS.normal + WEIGHTS.low;

/**
 * The slots of a process, dealt to queues and their job types.
 *
 * - Never more at once than the process's cap, the queue's concurrency and the job type's own.
 * - While queues of every priority want slots, of 21 starts 16 go to high, 4 to normal and 1 to low ones; what a
 *   priority does not use goes to the others at once. So low ones are slow under load, and never starve.
 * - Queues of one priority take turns, and so do the job types of a queue.
 * - Slots that are free together are dealt in few calls, each with several; the order in which they come back is fair.
 * - A job type that takes fewer than it was offered is not asked again before it wakes.
 */
export class SlotScheduler {
  readonly #size: number;
  readonly #classes = {
    high: new PriorityClass(WEIGHTS.high),
    normal: new PriorityClass(WEIGHTS.normal),
    low: new PriorityClass(WEIGHTS.low),
  };
  readonly #order = [this.#classes.high, this.#classes.normal, this.#classes.low] as const;
  readonly #queues = new Map<string, QueuePlace>();
  #running = 0;
  /** Slots of handlers that have not ended although their time is over. */
  #hung = 0;
  #timesChoked = 0;
  /** The pace of the class that was served last: one that wanted nothing until now starts from there. */
  #paceNow = 0;
  #offering = false;
  #isDue = false;
  readonly #soon: (deal: () => void) => void;
  readonly #dealDue = (): void => {
    this.#isDue = false;
    this.#offer();
  };

  constructor(options: SlotSchedulerOptions) {
    this.#size = options.size;
    this.#soon = options.soon ?? ((deal) => deal());
    for (const { name, priority, concurrency } of options.queues) {
      const place = new QueuePlace(this.#classes[priority]);
      place.gate.cap = concurrency ?? Number.POSITIVE_INFINITY;
      this.#queues.set(name, place);
    }
  }

  /** Counts a slot whose handler has not ended although its time is over, or has at last. */
  hang(change: 1 | -1): void {
    const before = this.choked;
    this.#hung += change;
    if (before === undefined && this.#isChoked) this.#timesChoked += 1;
  }

  /** While most slots hang, for which time they do; undefined else. */
  get choked(): number | undefined {
    return this.#isChoked ? this.#timesChoked : undefined;
  }

  get #isChoked(): boolean {
    return this.#hung * 2 > this.#size;
  }

  /** Jobs that run now. */
  get running(): number {
    return this.#running;
  }

  /**
   * Adds a job type to a queue; `concurrency` is its own cap, default none. It must `wake` its seat to be asked.
   *
   * @throws EsteiraError ESTEIRA_DEFINITION_INVALID on a queue that there is not.
   */
  join(queue: string, taker: SlotTaker, concurrency = Number.POSITIVE_INFINITY): Seat {
    const seat = new SeatPlace(this.#queueOf(queue), taker, concurrency);
    return {
      wake: () => this.#wake(seat),
      wakeNow: () => {
        this.#wake(seat);
        this.#offer();
      },
      release: (slots = 1) => this.#release(seat, slots),
      hold: () => this.#holdSeat(seat, true),
      allow: () => this.#holdSeat(seat, false),
      get running() {
        return seat.running;
      },
    };
  }

  /** Starts no more of a queue until `allow` with the same reason. */
  hold(queue: string, why: HoldReason): void {
    const place = this.#queueOf(queue);
    place.gate.hold(why);
    this.#settle(place);
  }

  /** Takes a hold away. */
  allow(queue: string, why: HoldReason): void {
    const place = this.#queueOf(queue);
    place.gate.allow(why);
    this.#settle(place);
    this.#offer();
  }

  /** Changes how many jobs of a queue may run at once in this process; undefined: as many as the process may. */
  limit(queue: string, concurrency: number | undefined): void {
    const place = this.#queueOf(queue);
    place.gate.cap = concurrency ?? Number.POSITIVE_INFINITY;
    this.#settle(place);
    this.#offer();
  }

  /** Most jobs of a queue at once in this process, as its concurrency and the process's cap say. */
  mostOf(queue: string): number {
    return Math.min(this.#size, this.#queueOf(queue).gate.cap);
  }

  /** How a queue stands. */
  standing(queue: string): QueueStanding {
    const { gate } = this.#queueOf(queue);
    return { running: gate.running, obstacles: gate.obstacles() };
  }

  #queueOf(name: string): QueuePlace {
    const place = this.#queues.get(name);
    if (place !== undefined) return place;
    throw new EsteiraError('ESTEIRA_DEFINITION_INVALID', `queue ${name} is not defined`);
  }

  #wake(seat: SeatPlace): void {
    if (seat.wants && seat.next !== undefined) return;
    seat.wants = true;
    seat.settle();
    this.#settle(seat.queue);
    this.#offerSoon();
  }

  #holdSeat(seat: SeatPlace, held: boolean): void {
    seat.held = held;
    seat.settle();
    this.#settle(seat.queue);
    this.#offer();
  }

  #release(seat: SeatPlace, slots: number): void {
    seat.running -= slots;
    seat.queue.gate.running -= slots;
    this.#running -= slots;
    seat.settle();
    this.#settle(seat.queue);
    this.#offerSoon();
  }

  #settle(queue: QueuePlace): void {
    const { priority } = queue;
    if (priority.queues.head === undefined) priority.pace = Math.max(priority.pace, this.#paceNow);
    queue.settle();
  }

  #offerSoon(): void {
    if (this.#isDue || this.#offering || this.#running >= this.#size) return;
    this.#isDue = true;
    this.#soon(this.#dealDue);
  }

  /** Deals free slots out until nobody wants one. What takers wake or release meanwhile is dealt with here too. */
  #offer(): void {
    if (this.#offering) return;
    this.#offering = true;
    try {
      while (this.#running < this.#size) {
        const priority = this.#next();
        const queue = priority?.queues.head;
        const seat = queue?.seats.head;
        if (priority === undefined || queue === undefined || seat === undefined) return;
        this.#deal(priority, queue, seat);
      }
    } finally {
      this.#offering = false;
    }
  }

  /** The priority that is furthest behind of those that want slots; the higher one where two are equal. */
  #next(): PriorityClass | undefined {
    let next: PriorityClass | undefined;
    for (const one of this.#order) {
      if (one.queues.head !== undefined && (next === undefined || one.pace < next.pace)) next = one;
    }
    return next;
  }

  /** Offers a share of the free slots to one job type; they count as running before it is asked. */
  #deal(priority: PriorityClass, queue: QueuePlace, seat: SeatPlace): void {
    const slots = Math.min(this.#shareOf(priority), queue.gate.room, seat.cap - seat.running);
    this.#paceNow = priority.pace;
    priority.queues.turn();
    queue.seats.turn();
    seat.wants = false;
    this.#count(queue, seat, slots);
    const taken = seat.taker(slots);
    this.#count(queue, seat, taken - slots);
    seat.wants ||= taken === slots;
    priority.pace += taken / priority.weight;
    seat.settle();
    this.#settle(queue);
  }

  #count(queue: QueuePlace, seat: SeatPlace, slots: number): void {
    this.#running += slots;
    queue.gate.start(slots);
    seat.running += slots;
  }

  /** As many slots as keep the parts of all who want some in proportion, so that one call gives as many as it can. */
  #shareOf(priority: PriorityClass): number {
    const free = this.#size - this.#running;
    let wanting = 0;
    let classes = 0;
    for (const one of this.#order) {
      wanting += one.wanting;
      if (one.queues.head !== undefined) classes += 1;
    }
    const even = Math.ceil(free / Math.max(1, wanting));
    return classes > 1 ? Math.min(even, priority.weight * Math.ceil(free / ROUND)) : even;
  }
}
