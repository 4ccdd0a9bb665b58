import { Gate } from './gate.ts';
import { type Link, Ring } from './ring.ts';

/** Called with slots that are free: starts at most so many jobs and says how many. It must not throw, nor wake its own seat when it starts none. */
export type SlotTaker = (slots: number) => number;

/** The place of one job type in its queue. */
export class SeatPlace implements Link<SeatPlace> {
  next: SeatPlace | undefined;
  previous: SeatPlace | undefined;
  readonly queue: QueuePlace;
  readonly taker: SlotTaker;
  readonly cap: number;
  running = 0;
  /** Whether it may have something to start. */
  wants = false;
  /** Whether it is offered nothing, whatever it wants. */
  held = false;

  constructor(queue: QueuePlace, taker: SlotTaker, cap: number) {
    this.next = undefined;
    this.previous = undefined;
    this.queue = queue;
    this.taker = taker;
    this.cap = cap;
  }

  /** Puts it into the circle of its queue, or takes it out. */
  settle(): void {
    const stands = this.next !== undefined;
    if (stands === (this.wants && !this.held && this.running < this.cap)) return;
    if (stands) this.queue.seats.remove(this);
    else this.queue.seats.append(this);
    this.queue.priority.wanting += stands ? -1 : 1;
  }
}

/** The place of one queue among those of its priority. */
export class QueuePlace implements Link<QueuePlace> {
  next: QueuePlace | undefined;
  previous: QueuePlace | undefined;
  readonly priority: PriorityClass;
  readonly gate = new Gate();
  readonly seats = new Ring<SeatPlace>();

  constructor(priority: PriorityClass) {
    this.next = undefined;
    this.previous = undefined;
    this.priority = priority;
  }

  /** Puts it into the circle of its priority, or takes it out. */
  settle(): void {
    const stands = this.next !== undefined;
    if (stands === (this.gate.open && this.seats.head !== undefined)) return;
    if (stands) this.priority.queues.remove(this);
    else this.priority.queues.append(this);
  }
}

/** The queues of one priority. */
export class PriorityClass {
  readonly weight: number;
  readonly queues = new Ring<QueuePlace>();
  /** Starts given so far, over the weight: the class that is furthest behind goes next. */
  pace = 0;
  /** Job types that want slots. */
  wanting = 0;

  constructor(weight: number) {
    this.weight = weight;
  }
}
