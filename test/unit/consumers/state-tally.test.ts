import { describe, expect, it } from 'vitest';
import { StateTally } from '../../../src/consumers/state-tally.ts';

const fences = (...numbers: readonly number[]) => numbers.map((fence) => ({ fence }));

describe('lost claims', () => {
  it('are counted when a renewal finds them gone', () => {
    const tally = new StateTally();
    for (const fence of [2, 3]) tally.lost(fence);
    expect(tally.leaseLosses).toBe(2);
  });

  it('are counted when the run ends, where no renewal came before that', () => {
    const tally = new StateTally();
    tally.completed(fences(1, 2), ['completed', 'fenced']);
    expect(tally.leaseLosses).toBe(1);
  });

  it('are counted once, although the run goes on and ends under another claim', () => {
    const tally = new StateTally();
    tally.lost(7);
    tally.completed(fences(7), ['fenced']);
    expect(tally.leaseLosses).toBe(1);
  });

  it('of runs that never end are remembered within bounds', () => {
    const tally = new StateTally();
    for (let fence = 0; fence < 25_000; fence++) tally.lost(fence);
    expect(tally.leaseLosses).toBe(25_000);
    tally.completed(fences(0), ['fenced']); // forgotten by now: counted again rather than kept for ever
    expect(tally.leaseLosses).toBe(25_001);
  });
});

describe('answers to claims', () => {
  it('are passed on as they are, and counted by kind', () => {
    const tally = new StateTally();
    const answers = [
      { kind: 'park' as const },
      { kind: 'run' as const, fence: 1, attempt: 1, starts: 1 },
      { kind: 'park' as const },
    ];
    expect(tally.claimed(answers)).toBe(answers);
    expect(tally.claims).toMatchObject({ park: 2, run: 1, done: 0 });
  });
});
