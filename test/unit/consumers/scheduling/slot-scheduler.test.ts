import { describe, expect, it } from 'vitest';
import {
  type Seat,
  type SlotQueue,
  SlotScheduler,
} from '../../../../src/consumers/scheduling/slot-scheduler.ts';

/** A job type with work to do: it starts what it is offered, as long as it has some. */
class Worker {
  readonly seat: Seat;
  readonly calls: number[] = [];
  started = 0;
  work: number;

  constructor(scheduler: SlotScheduler, queue: string, work: number, concurrency?: number) {
    this.work = work;
    this.seat = scheduler.join(queue, (slots) => this.#take(slots), concurrency);
  }

  #take(slots: number): number {
    this.calls.push(slots);
    const taken = Math.min(slots, this.work);
    this.work -= taken;
    this.started += taken;
    return taken;
  }

  add(work: number): void {
    this.work += work;
    this.seat.wake();
  }
}

const queue = (name: string, over: Partial<SlotQueue> = {}): SlotQueue => ({
  name,
  priority: 'normal',
  ...over,
});

const scheduler = (size: number, queues: readonly SlotQueue[]) => new SlotScheduler({ size, queues });

/** Ends one job of each worker that runs some, again and again, until so many more were started. */
const churn = (workers: readonly Worker[], starts: number): readonly number[] => {
  const before = workers.map(({ started }) => started);
  const total = () => workers.reduce((sum, { started }, at) => sum + started - (before[at] ?? 0), 0);
  while (total() < starts) for (const { seat } of workers) if (seat.running > 0) seat.release();
  return workers.map(({ started }, at) => started - (before[at] ?? 0));
};

describe('the slots of a process', () => {
  it('are never more than its cap, and all of them when there is work', () => {
    const slots = scheduler(10, [queue('q')]);
    const worker = new Worker(slots, 'q', 0);
    worker.add(100);
    expect([slots.running, worker.seat.running]).toEqual([10, 10]);
    worker.seat.release(4);
    expect([slots.running, worker.started]).toEqual([10, 14]);
  });

  it('that are free together are given in one call', () => {
    const slots = scheduler(500, [queue('q')]);
    const worker = new Worker(slots, 'q', 0);
    worker.add(10_000);
    worker.seat.release(500);
    expect(worker.calls).toEqual([500, 500]);
  });

  it('that come free one by one are dealt together, soon: in one call, not one for each', () => {
    const due: (() => void)[] = [];
    const slots = new SlotScheduler({ size: 500, queues: [queue('q')], soon: (deal) => due.push(deal) });
    const worker = new Worker(slots, 'q', 0);
    const dealAll = () => {
      for (const deal of due.splice(0)) deal();
    };
    worker.add(10_000);
    expect(worker.calls).toEqual([]);
    dealAll();
    for (let ended = 0; ended < 300; ended++) worker.seat.release();
    expect(due).toHaveLength(1);
    dealAll();
    expect(worker.calls).toEqual([500, 300]);
    expect(slots.running).toBe(500);
  });

  it('are dealt before `wakeNow` returns, also what came free before and is not dealt yet', () => {
    const slots = new SlotScheduler({ size: 2, queues: [queue('q')], soon: () => undefined });
    const worker = new Worker(slots, 'q', 2);
    worker.seat.wakeNow();
    expect(worker.started).toBe(2);
    worker.seat.release();
    worker.work = 5;
    worker.seat.wakeNow();
    expect([worker.started, slots.running]).toEqual([3, 2]);
  });

  it('are dealt evenly to the job types of a queue, and to the queues of a priority', () => {
    const slots = scheduler(12, [queue('q'), queue('r')]);
    const workers = [new Worker(slots, 'q', 0), new Worker(slots, 'q', 0), new Worker(slots, 'r', 0)];
    slots.hold('q', 'paused');
    slots.hold('r', 'paused');
    for (const worker of workers) worker.add(10_000);
    slots.allow('r', 'paused');
    slots.allow('q', 'paused');
    const [first = 0, second = 0, third = 0] = churn(workers, 4_000);
    expect(Math.abs(first - second)).toBeLessThanOrEqual(12);
    expect(third).toBeGreaterThan(first);
  });

  it('are kept within the concurrency of a queue and of a job type', () => {
    const slots = scheduler(10, [queue('q', { concurrency: 4 }), queue('r')]);
    const narrow = new Worker(slots, 'q', 0, 3);
    const wide = new Worker(slots, 'q', 0);
    const other = new Worker(slots, 'r', 0);
    for (const worker of [narrow, wide, other]) worker.add(100);
    expect([narrow.seat.running, wide.seat.running, other.seat.running]).toEqual([3, 1, 6]);
    expect(slots.standing('q')).toEqual({ running: 4, obstacles: ['concurrency'] });
  });

  it('go 16 to 4 to 1 to high, normal and low queues while all of them want more', () => {
    const slots = scheduler(10, [
      queue('low', { priority: 'low' }),
      queue('normal'),
      queue('high', { priority: 'high' }),
    ]);
    const workers = ['high', 'normal', 'low'].map((name) => new Worker(slots, name, 0));
    for (const worker of workers) worker.add(100_000);
    const [high = 0, normal = 0, low = 0] = churn(workers, 21_000);
    expect(high / 16_000).toBeCloseTo(1, 1);
    expect(normal / 4_000).toBeCloseTo(1, 1);
    expect(low / 1_000).toBeCloseTo(1, 1);
  });

  it('go to low queues at once when nobody else wants them, which gives these no lead later', () => {
    const slots = scheduler(10, [queue('low', { priority: 'low' }), queue('high', { priority: 'high' })]);
    const low = new Worker(slots, 'low', 0);
    const high = new Worker(slots, 'high', 0);
    low.add(10_000);
    churn([low], 1_000);
    expect(low.seat.running).toBe(10);
    high.add(10_000);
    const [gotLow = 0, gotHigh = 0] = churn([low, high], 1_700);
    expect(gotHigh).toBeGreaterThan(gotLow * 10);
    expect(gotLow).toBeGreaterThan(50);
  });

  it('are not offered again to a job type that had nothing to start, before it wakes', () => {
    const slots = scheduler(10, [queue('q')]);
    const idle = new Worker(slots, 'q', 0);
    const busy = new Worker(slots, 'q', 0);
    idle.add(0);
    busy.add(100);
    churn([busy], 50);
    expect(idle.calls).toHaveLength(1);
    idle.add(1);
    busy.seat.release(5);
    expect(idle.started).toBe(1);
  });

  it('are not given to a held queue, and are as soon as every hold is gone', () => {
    const slots = scheduler(10, [queue('q')]);
    const worker = new Worker(slots, 'q', 0);
    slots.hold('q', 'paused');
    slots.hold('q', 'limited');
    worker.add(5);
    expect(worker.started).toBe(0);
    expect(slots.standing('q').obstacles).toEqual(['paused', 'limited']);
    slots.allow('q', 'paused');
    expect(worker.started).toBe(0);
    slots.allow('q', 'limited');
    expect(worker.started).toBe(5);
  });

  it('released while they are dealt, by handlers that end at once, are dealt again', () => {
    const slots = scheduler(2, [queue('q')]);
    let left = 1_000;
    const seat: Seat = slots.join('q', (free) => {
      const taken = Math.min(free, left);
      left -= taken;
      for (let n = 0; n < taken; n += 1) seat.release();
      return taken;
    });
    seat.wake();
    expect([left, slots.running]).toEqual([0, 0]);
  });

  it('of a queue that there is not are refused by its name', () => {
    expect(() => scheduler(1, []).join('mails', () => 0)).toThrow(
      expect.objectContaining({ code: 'ESTEIRA_DEFINITION_INVALID', message: 'queue mails is not defined' }),
    );
  });
});
