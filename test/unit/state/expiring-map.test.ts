import { describe, expect, test } from 'vitest';
import { ExpiringMap } from '../../../src/state/memory/expiring-map.ts';
import { manualClock } from '../../support/manual-clock.ts';

describe('a map whose entries end', () => {
  test('an entry lives for its lifetime and not longer', () => {
    const clock = manualClock();
    const map = new ExpiringMap<string>(clock);
    map.set('a', 'first', 10);
    clock.advance(9);
    expect(map.get('a')).toBe('first');
    clock.advance(1);
    expect(map.get('a')).toBeUndefined();
  });

  test('replacing keeps the lifetime and revives nothing', () => {
    const clock = manualClock();
    const map = new ExpiringMap<string>(clock);
    map.set('a', 'first', 10);
    map.replace('a', 'second');
    map.replace('b', 'never there');
    expect([map.get('a'), map.get('b')]).toEqual(['second', undefined]);
    clock.advance(10);
    map.replace('a', 'third');
    expect(map.get('a')).toBeUndefined();
  });

  test('what nobody asks for again does not pile up', () => {
    const clock = manualClock();
    const map = new ExpiringMap<number>(clock);
    let most = 0;
    for (let i = 0; i < 50_000; i += 1) {
      map.set(`key-${i}`, i, 100);
      if (i % 10 === 0) clock.advance(1);
      most = Math.max(most, map.size);
    }
    // About 1,000 are alive at a time.
    expect(most).toBeLessThan(4_100);
    expect(map.get('key-49999')).toBe(49_999);
  });
});
