import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FairQueue } from '../../../../src/consumers/scheduling/fair-queue.ts';

interface Entry {
  readonly tenant: string;
  readonly priority: number;
  readonly number: number;
  alive: boolean;
}

const TENANTS = ['a', 'b', 'c', 'd', 'e'] as const;
const CAPS: Readonly<Record<string, number | undefined>> = { a: 1, b: 2, c: undefined, d: undefined, e: 3 };
const WEIGHTS: Readonly<Record<string, number>> = { a: 1, b: 3, c: 1, d: 2, e: 1 };

const tenant = fc.constantFrom(...TENANTS);
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('push'), tenant, priority: fc.integer({ min: 1, max: 10 }) }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('shift') }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('end'), pick: fc.nat(50) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('putBack'), pick: fc.nat(50) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('hold'), tenant }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('allow'), tenant }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lose'), pick: fc.nat(50) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('prune') }) },
);
type Step = {
  readonly do: string;
  readonly tenant?: string;
  readonly priority?: number;
  readonly pick?: number;
};

/** What the queue must be like, kept in the plainest way. */
class Model {
  readonly queue = new FairQueue<Entry>({
    alive: (entry) => entry.alive,
    shareOf: (id) => ({ weight: WEIGHTS[id], concurrency: CAPS[id] }),
  });
  waiting: Entry[] = [];
  readonly running: Entry[] = [];
  readonly held = new Set<string>();
  #number = 0;

  mayStart(id: string): boolean {
    const cap = CAPS[id] ?? Number.POSITIVE_INFINITY;
    return !this.held.has(id) && this.running.filter((one) => one.tenant === id).length < cap;
  }

  startable(): readonly Entry[] {
    return this.waiting.filter((entry) => entry.alive && this.mayStart(entry.tenant));
  }

  play(one: Step): void {
    const id = one.tenant ?? '';
    const priority = one.priority ?? 5;
    const picked = this.running[(one.pick ?? 0) % Math.max(1, this.running.length)];
    if (one.do === 'push') {
      const entry = { tenant: id, priority, number: this.#number++, alive: true };
      this.waiting.push(entry);
      this.queue.push(entry, id, priority);
    } else if (one.do === 'shift') this.#shift();
    else if (one.do === 'end' && picked !== undefined) {
      this.running.splice(this.running.indexOf(picked), 1);
      this.queue.ended(picked.tenant);
    } else if (one.do === 'putBack' && picked !== undefined) {
      this.running.splice(this.running.indexOf(picked), 1);
      this.waiting.unshift(picked);
      this.queue.putBack(picked, picked.tenant, picked.priority);
    } else if (one.do === 'hold') {
      this.held.add(id);
      this.queue.hold(id, 'suspended');
    } else if (one.do === 'allow') {
      this.held.delete(id);
      this.queue.allow(id, 'suspended');
    } else if (one.do === 'lose') {
      const lost = this.waiting[(one.pick ?? 0) % Math.max(1, this.waiting.length)];
      if (lost !== undefined) lost.alive = false;
    } else if (one.do === 'prune') {
      this.queue.prune();
      this.waiting = this.waiting.filter((entry) => entry.alive);
      expect(this.queue.size).toBe(this.waiting.length);
    }
  }

  #shift(): void {
    const startable = this.startable();
    const entry = this.queue.shift();
    // Work-conserving: nothing comes only when nothing may start.
    if (entry === undefined) {
      expect(startable).toEqual([]);
      return;
    }
    // Caps and holds are kept; what nobody wants never comes.
    expect(startable).toContain(entry);
    // First in, first out for one tenant at one priority.
    const same = startable.filter((one) => one.tenant === entry.tenant && one.priority === entry.priority);
    expect(same[0]).toBe(entry);
    this.waiting.splice(this.waiting.indexOf(entry), 1);
    this.running.push(entry);
  }
}

describe('over random histories a fair queue', () => {
  it('keeps caps, holds and the order of each tenant, loses nothing, and always works when it may', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (history) => {
        const model = new Model();
        for (const one of history) model.play(one as Step);
        for (const id of TENANTS) model.play({ do: 'allow', tenant: id });
        while (model.startable().length > 0 || model.running.length > 0) {
          model.play({ do: 'shift' });
          model.play({ do: 'end', pick: 0 });
        }
        expect(model.waiting.filter((entry) => entry.alive)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('starts the first entry of every tenant within a turn of each other one at its priority', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 2, maxLength: 20 }), (counts) => {
        const queue = new FairQueue<number>({ shareOf: (id) => ({ weight: 1 + (Number(id) % 3) }) });
        counts.forEach((count, id) => {
          for (let n = 0; n < count; n += 1) queue.push(id, String(id), 5);
        });
        const turn = counts.reduce((sum, _count, id) => sum + 1 + (id % 3), 0);
        const left = [...counts];
        const last = counts.map(() => 0);
        for (let at = 1; at <= counts.reduce((sum, count) => sum + count, 0); at += 1) {
          const id = queue.shift() ?? -1;
          left[id] = (left[id] ?? 0) - 1;
          last[id] = at;
          left.forEach((some, other) => {
            if (some > 0) expect(at - (last[other] ?? 0)).toBeLessThanOrEqual(turn);
          });
        }
      }),
      { numRuns: 200 },
    );
  });

  it('starts an entry of any priority within 16 starts a later priority, however the earlier ones are flooded', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 2, max: 10 }), { minLength: 1, maxLength: 9 }),
        fc.nat(100),
        (later, before) => {
          const queue = new FairQueue<number>();
          for (let n = 0; n < 1_000; n += 1) queue.push(1, 'flood', 1);
          for (let n = 0; n < before; n += 1) queue.shift();
          for (const priority of later) queue.push(priority, 'quiet', priority);
          const started = Array.from({ length: 16 * later.length }, () => queue.shift());
          expect([...later].sort((a, b) => a - b)).toEqual(
            started.filter((one) => one !== 1).sort((a = 0, b = 0) => a - b),
          );
        },
      ),
      { numRuns: 200 },
    );
  });
});
