import { describe, expect, it } from 'vitest';
import { Appetite } from '../../../src/consumers/appetite.ts';
import { manualClock } from '../../support/manual-clock.ts';

const bench = () => {
  const clock = manualClock();
  const held = { startable: 0 };
  const appetite = new Appetite(clock, () => held.startable);
  const woken: string[] = [];
  const wait = async (name: string): Promise<void> => {
    await appetite.next();
    woken.push(name);
  };
  return { clock, held, appetite, woken, wait };
};

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('how far ahead records are understood', () => {
  it('as far as enough of them may start', () => {
    const { held, appetite } = bench();
    expect(appetite.hungry).toBe(true);
    held.startable = 256;
    expect(appetite.hungry).toBe(false);
  });

  it('at once again when few are left, for every partition that waits', async () => {
    const { held, appetite, woken, wait } = bench();
    held.startable = 256;
    const waits = [wait('one'), wait('two')];
    held.startable = 128;
    appetite.started();
    await settled();
    expect(woken).toEqual([]);
    held.startable = 127;
    appetite.started();
    await Promise.all(waits);
    expect(woken).toEqual(['one', 'two']);
  });

  it('at a leisurely pace while jobs are long, so that all of the window is seen in the end', async () => {
    const { clock, held, woken, wait } = bench();
    held.startable = 1_000;
    const first = wait('first');
    clock.advance(49);
    await settled();
    expect(woken).toEqual([]);
    clock.advance(1);
    await first;
    const second = wait('second');
    clock.advance(50);
    await second;
    expect(woken).toEqual(['first', 'second']);
    expect(clock.nextInMs()).toBeUndefined();
  });

  it('and nothing waits once the worker is closed', async () => {
    const { appetite, held, wait, woken } = bench();
    held.startable = 1_000;
    const waiting = wait('before');
    appetite.close();
    await waiting;
    await wait('after');
    expect(woken).toEqual(['before', 'after']);
  });
});
