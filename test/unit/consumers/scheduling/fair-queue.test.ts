import { describe, expect, it } from 'vitest';
import { FairQueue } from '../../../../src/consumers/scheduling/fair-queue.ts';

const drain = <T>(queue: FairQueue<T>): readonly T[] => {
  const items: T[] = [];
  for (let item = queue.shift(); item !== undefined; item = queue.shift()) items.push(item);
  return items;
};

/** Entries are named `tenant:number`, so that a test can read whose turn it was. */
const fill = (queue: FairQueue<string>, tenant: string, count: number, priority = 5): void => {
  for (let n = 0; n < count; n += 1) queue.push(`${tenant}:${n}`, tenant, priority);
};

const tenantsOf = (items: readonly string[]): string => items.map((item) => item.split(':')[0]).join('');

describe('a fair queue', () => {
  it('gives tenants their turns, and each its entries in their order', () => {
    const queue = new FairQueue<string>();
    fill(queue, 'a', 4);
    fill(queue, 'b', 2);
    fill(queue, 'c', 1);
    expect(drain(queue)).toEqual(['a:0', 'b:0', 'c:0', 'a:1', 'b:1', 'a:2', 'a:3']);
    expect(queue.size).toBe(0);
  });

  it('gives a tenant of weight 3 three starts a turn', () => {
    const queue = new FairQueue<string>({ shareOf: (tenant) => ({ weight: tenant === 'a' ? 3 : 1 }) });
    fill(queue, 'a', 6);
    fill(queue, 'b', 3);
    expect(tenantsOf(drain(queue))).toBe('aaabaaabb');
  });

  it('gives no more in a turn to a tenant whose entries come one by one', () => {
    const queue = new FairQueue<string>();
    fill(queue, 'b', 3);
    const order: (string | undefined)[] = [];
    for (let n = 0; n < 3; n += 1) {
      queue.push(`a:${n}`, 'a', 5);
      order.push(queue.shift(), queue.shift());
    }
    expect(order.filter((item) => item?.startsWith('b'))).toHaveLength(3);
  });

  it('starts priority 1 first, whoever waits', () => {
    const queue = new FairQueue<string>();
    fill(queue, 'a', 2, 5);
    fill(queue, 'b', 1, 10);
    fill(queue, 'c', 1, 1);
    expect(tenantsOf(drain(queue))).toBe('caab');
  });

  it('takes a priority that is none for the nearest', () => {
    const queue = new FairQueue<string>();
    queue.push('last', 'a', 99);
    queue.push('first', 'a', -1);
    expect(drain(queue)).toEqual(['first', 'last']);
  });

  // Strict priority is what users of other queues complain about: a steady first priority starves the rest for ever.
  it('gives one of 16 starts to the later priorities, in turn, while priority 1 is flooded', () => {
    const queue = new FairQueue<string>();
    fill(queue, 'flood', 1_000, 1);
    fill(queue, 'b', 10, 5);
    fill(queue, 'c', 10, 10);
    const first = Array.from({ length: 64 }, () => queue.shift()?.split(':')[0]);
    expect(
      first.map((tenant, at) => (tenant === 'flood' ? '' : `${at + 1}${tenant}`)).filter(Boolean),
    ).toEqual([...['16b', '32c', '48b', '64c']]);
  });

  it('keeps priorities strict where it is told to', () => {
    const queue = new FairQueue<string>({ laterEvery: Number.POSITIVE_INFINITY });
    fill(queue, 'flood', 100, 1);
    fill(queue, 'b', 1, 2);
    expect(drain(queue).at(-1)).toBe('b:0');
  });

  it('passes over a tenant at its cap, and lets it go on when one of its jobs ends', () => {
    const queue = new FairQueue<string>({ shareOf: (tenant) => (tenant === 'a' ? { concurrency: 1 } : {}) });
    fill(queue, 'a', 3);
    fill(queue, 'b', 2);
    expect(tenantsOf(drain(queue))).toBe('abb');
    expect(queue.standing('a')).toEqual({ waiting: 2, running: 1, obstacles: ['concurrency'] });
    queue.ended('a');
    expect(drain(queue)).toEqual(['a:1']);
  });

  it('counts starts that did not come from it', () => {
    const queue = new FairQueue<string>({ shareOf: () => ({ concurrency: 2 }) });
    queue.started('a');
    fill(queue, 'a', 3);
    expect(drain(queue)).toEqual(['a:0']);
  });

  it('starts nothing of a tenant that is held, until every hold is gone', () => {
    const queue = new FairQueue<string>();
    fill(queue, 'a', 1);
    queue.hold('a', 'suspended');
    queue.hold('a', 'paused');
    fill(queue, 'a', 1);
    expect(drain(queue)).toEqual([]);
    queue.allow('a', 'suspended');
    expect(queue.standing('a').obstacles).toEqual(['paused']);
    expect(drain(queue)).toEqual([]);
    queue.allow('a', 'paused');
    expect(drain(queue)).toHaveLength(2);
  });

  it('takes back what could not start: first of its tenant again, and no longer running', () => {
    const queue = new FairQueue<string>({ shareOf: () => ({ concurrency: 1 }) });
    fill(queue, 'a', 2);
    const item = queue.shift() ?? '';
    queue.putBack(item, 'a', 5);
    expect(queue.standing('a')).toEqual({ waiting: 2, running: 0, obstacles: [] });
    expect(drain(queue)).toEqual(['a:0']);
    queue.ended('a');
    expect(drain(queue)).toEqual(['a:1']);
  });

  it('drops entries nobody wants any more, without a turn or a cap spent', () => {
    const lost = new Set(['a:0', 'a:1', 'b:0']);
    const queue = new FairQueue<string>({
      alive: (item) => !lost.has(item),
      shareOf: () => ({ concurrency: 1 }),
    });
    fill(queue, 'a', 3);
    fill(queue, 'b', 1);
    expect(drain(queue)).toEqual(['a:2']);
    expect(queue.size).toBe(0);
  });

  it('drops them at once when asked to, also of tenants that may not start', () => {
    const lost = new Set(['a:1', 'b:0', 'b:1']);
    const queue = new FairQueue<string>({ alive: (item) => !lost.has(item) });
    fill(queue, 'a', 3);
    fill(queue, 'b', 2);
    queue.hold('b', 'suspended');
    expect(queue.prune()).toBe(3);
    expect(queue.size).toBe(2);
    expect(queue.standing('b').waiting).toBe(0);
    expect(drain(queue)).toEqual(['a:0', 'a:2']);
  });

  it('uses changed shares after a refresh', () => {
    const share = { concurrency: 1 };
    const queue = new FairQueue<string>({ shareOf: () => ({ ...share }) });
    fill(queue, 'a', 3);
    expect(drain(queue)).toHaveLength(1);
    share.concurrency = 3;
    queue.refresh();
    expect(drain(queue)).toHaveLength(2);
  });

  it('forgets tenants that have nothing any more, and remembers those that are held', () => {
    const queue = new FairQueue<string>();
    queue.hold('held', 'paused');
    for (let n = 0; n < 5_000; n += 1) {
      queue.push('job', `tenant-${n}`, 5);
      queue.shift();
      queue.ended(`tenant-${n}`);
    }
    queue.push('job', 'held', 5);
    expect(queue.shift()).toBeUndefined();
    expect([...queue.standings()].map(([tenant]) => tenant)).toEqual(['held']);
  });
});
