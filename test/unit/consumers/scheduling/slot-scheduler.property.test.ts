import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SlotScheduler } from '../../../../src/consumers/scheduling/slot-scheduler.ts';

const QUEUES = [
  { name: 'h', priority: 'high', concurrency: 3 },
  { name: 'n', priority: 'normal' },
  { name: 'm', priority: 'normal', concurrency: 2 },
  { name: 'l', priority: 'low' },
] as const;
/** Job types: their queue and own cap. */
const SEATS = [
  ['h', 2],
  ['h', Number.POSITIVE_INFINITY],
  ['n', Number.POSITIVE_INFINITY],
  ['n', 1],
  ['m', Number.POSITIVE_INFINITY],
  ['l', Number.POSITIVE_INFINITY],
] as const;
const SIZE = 5;

const seat = fc.nat(SEATS.length - 1);
const queueName = fc.constantFrom('h', 'n', 'm', 'l');
const step = fc.oneof(
  fc.record({ do: fc.constant('work' as const), seat, count: fc.integer({ min: 1, max: 9 }) }),
  fc.record({ do: fc.constant('end' as const), seat, count: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ do: fc.constant('hold' as const), queue: queueName }),
  fc.record({ do: fc.constant('allow' as const), queue: queueName }),
);

/** Slots as they must be: what runs, what waits, and who may start. */
class Model {
  readonly work: number[] = SEATS.map(() => 0);
  readonly held = new Set<string>();
  readonly slots = new SlotScheduler({ size: SIZE, queues: QUEUES });
  readonly seats = SEATS.map(([queue, cap], at) =>
    this.slots.join(queue, (free) => this.#take(at, free), cap),
  );

  #take(at: number, free: number): number {
    const taken = Math.min(free, this.work[at] ?? 0);
    this.work[at] = (this.work[at] ?? 0) - taken;
    return taken;
  }

  play(one: typeof step extends fc.Arbitrary<infer S> ? S : never): void {
    if (one.do === 'work') {
      this.work[one.seat] = (this.work[one.seat] ?? 0) + one.count;
      this.seats[one.seat]?.wake();
    } else if (one.do === 'end') {
      const ending = Math.min(one.count, this.seats[one.seat]?.running ?? 0);
      if (ending > 0) this.seats[one.seat]?.release(ending);
    } else if (one.do === 'hold') {
      this.held.add(one.queue);
      this.slots.hold(one.queue, 'paused');
    } else {
      this.held.delete(one.queue);
      this.slots.allow(one.queue, 'paused');
    }
  }

  check(): void {
    const running = this.seats.map((one) => one.running);
    const ofQueue = (name: string) =>
      running.reduce((sum, count, at) => sum + (SEATS[at]?.[0] === name ? count : 0), 0);
    const total = running.reduce((sum, count) => sum + count, 0);
    expect(total).toBe(this.slots.running);
    expect(total).toBeLessThanOrEqual(SIZE);
    SEATS.forEach(([queue, cap], at) => {
      const most = QUEUES.find(({ name }) => name === queue);
      const queueCap =
        most !== undefined && 'concurrency' in most ? most.concurrency : Number.POSITIVE_INFINITY;
      expect(running[at]).toBeLessThanOrEqual(cap);
      expect(ofQueue(queue)).toBeLessThanOrEqual(queueCap);
      const mayStart =
        (this.work[at] ?? 0) > 0 &&
        !this.held.has(queue) &&
        (running[at] ?? 0) < cap &&
        ofQueue(queue) < queueCap;
      // Work-conserving: a slot is free only while nobody may start.
      if (mayStart) expect(total).toBe(SIZE);
    });
  }
}

describe('over random histories the slots of a process', () => {
  it('keep every cap and hold, and none is free while somebody may start', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), (history) => {
        const model = new Model();
        for (const one of history) {
          model.play(one);
          model.check();
        }
      }),
      { numRuns: 500 },
    );
  });

  it('reach every queue that wants them within 22 starts, whatever floods the others', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 300, maxLength: 300 }), (coins) => {
        const queues = (['high', 'normal', 'low'] as const).map((priority) => ({ name: priority, priority }));
        const slots = new SlotScheduler({ size: 4, queues });
        const order: string[] = [];
        const seats = queues.map(({ name }) =>
          slots.join(name, (free) => {
            for (let n = 0; n < free; n += 1) order.push(name);
            return free;
          }),
        );
        for (const one of seats) one.wake();
        for (const coin of coins) {
          const running = seats.filter((one) => one.running > 0);
          (coin ? running[0] : running.at(-1))?.release();
        }
        const lows = order.flatMap((name, at) => (name === 'low' ? [at] : []));
        for (const [n, at] of lows.entries()) expect(at - (lows[n - 1] ?? -1)).toBeLessThanOrEqual(22);
        expect(order.length - (lows.at(-1) ?? 0)).toBeLessThanOrEqual(22);
      }),
      { numRuns: 100 },
    );
  });
});
