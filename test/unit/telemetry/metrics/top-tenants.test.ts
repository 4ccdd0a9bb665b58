import { describe, expect, it } from 'vitest';
import { TopTenants } from '../../../../src/telemetry/metrics/top-tenants.ts';
import { manualClock } from '../../../support/manual-clock.ts';

const HOUR_MS = 3_600_000;
const FIVE_MINUTES_MS = 300_000;

const setUp = (most = 3) => {
  const clock = manualClock();
  const top = new TopTenants(most, clock);
  const work = (jobs: Readonly<Record<string, number>>): void => {
    for (const [tenant, count] of Object.entries(jobs))
      for (let job = 0; job < count; job++) top.count(tenant);
  };
  const shown = (): Readonly<Record<string, number>> =>
    Object.fromEntries(top.read().map(({ labels, value }) => [String(labels['tenant']), value]));
  return { clock, top, work, shown };
};

describe('the tenants with the most jobs', () => {
  it('are shown, each with its jobs since it came in', () => {
    const { work, shown } = setUp();
    work({ a: 5, b: 50, c: 20, d: 30 });
    expect(shown()).toEqual({ b: 0, c: 0, d: 0 });
    work({ a: 1, b: 2, c: 3 });
    expect(shown()).toEqual({ b: 2, c: 3, d: 0 });
  });

  it('make room for one that has clearly more, and not for one that has as many', () => {
    const { clock, work, shown } = setUp(2);
    work({ a: 100, b: 100 });
    shown();
    clock.advance(HOUR_MS);
    work({ a: 50, b: 60, c: 70 });
    expect(Object.keys(shown())).toEqual(['b', 'a']);
    clock.advance(FIVE_MINUTES_MS);
    work({ b: 500, c: 500 });
    expect(Object.keys(shown()).sort()).toEqual(['b', 'c']);
  });

  it('change at most as many times an hour as there are, whoever floods', () => {
    const { clock, work, shown } = setUp(3);
    const seen = new Set<string>();
    for (let turn = 0; turn < 24 * 12; turn++) {
      work({ [`flood-${turn}`]: 1_000 * (turn + 1) });
      for (const tenant of Object.keys(shown())) seen.add(tenant);
      clock.advance(FIVE_MINUTES_MS);
    }
    expect(seen.size).toBeLessThanOrEqual(3 * 25);
    expect(seen.size).toBeGreaterThan(20);
  });

  it('are remembered within bounds: a million tenants take no more memory than ten thousand', () => {
    const { top, shown } = setUp(2);
    for (let tenant = 0; tenant < 200_000; tenant++) top.count(`tenant-${tenant}`);
    top.count('tenant-7');
    expect(shown()).toHaveProperty('tenant-7', 0);
    expect(Object.keys(shown()).length).toBe(2);
  });

  it('are none where none are wanted', () => {
    const { work, shown } = setUp(0);
    work({ a: 5 });
    expect(shown()).toEqual({});
  });

  it('never have one label twice, although what tells two names apart is cut off', () => {
    const { work, shown, top } = setUp(3);
    work({ [`${'x'.repeat(100)}a`]: 3, [`${'x'.repeat(100)}b`]: 2, c: 1 });
    shown();
    expect(top.read().map(({ labels }) => labels['tenant'])).toEqual(['x'.repeat(100), 'c']);
  });
});
