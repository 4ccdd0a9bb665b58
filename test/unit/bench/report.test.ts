import { describe, expect, test } from 'vitest';
import { FIGURE_NAMES, judge } from '../../../bench/figures.ts';
import type { Outcome } from '../../../bench/program.ts';
import { alignColumns, figuresAsJson, figuresOf, renderReport } from '../../../bench/report.ts';
import { measuredOf } from '../../../bench/statistics.ts';

const outcome = (figures: Outcome['figures'], loads: readonly number[] = [0.1]): Outcome => ({
  program: 'one',
  figures,
  notes: [{ what: 'a row', value: measuredOf([1_234.5, 1_300]), unit: 'jobs/s' }],
  loads,
});

describe('figures', () => {
  test('have exactly the names that were agreed on', () => {
    expect([...FIGURE_NAMES].sort()).toEqual(
      [
        ...['throughputVsBullmq', 'throughputVsBullmqBare', 'throughputVsRaw', 'throughputNoTelemetryVsRaw'],
        ...['orderedRatio', 'latencyP50Ms', 'latencyP99Ms', 'fairnessOtherRatio', 'fairnessSharedSeconds'],
        ...['fairnessSharedBoundSeconds', 'keyIsolationRatio', 'latenessP99Ms', 'earlyCount', 'memoryRatio'],
        ...['recoverySeconds', 'leaseSeconds', 'idleCpuPercent', 'manyTypesRatio', 'telemetryCostRatio'],
      ].sort(),
    );
  });

  test('that were not measured are absent from the JSON', () => {
    const found = figuresOf([outcome({ orderedRatio: measuredOf([0.81234]) }), outcome({})]);
    expect(figuresAsJson(found)).toEqual({ orderedRatio: 0.812 });
  });

  test.each([
    ['more is better: above the aim', 'orderedRatio', 0.95, 'aim'],
    ['more is better: between', 'orderedRatio', 0.8, 'floor'],
    ['more is better: too little', 'orderedRatio', 0.6, 'below'],
    ['less is better: below the aim', 'latencyP99Ms', 11, 'aim'],
    ['less is better: too much', 'latencyP99Ms', 26, 'below'],
    ['none at all is the aim of early retries', 'earlyCount', 0, 'aim'],
    ['one early retry is too many', 'earlyCount', 1, 'below'],
  ] as const)('%s', (_, name, value, verdict) => {
    expect(judge(name, { [name]: measuredOf([value]) })).toBe(verdict);
  });

  test('that depend on another one are judged by it, and not at all without it', () => {
    const recoverySeconds = measuredOf([17]);
    expect(judge('recoverySeconds', { recoverySeconds, leaseSeconds: measuredOf([10]) })).toBe('floor');
    expect(judge('recoverySeconds', { recoverySeconds })).toBe('-');
  });
});

describe('the report', () => {
  test('shows a figure with its limits, and the rows of its program', () => {
    const text = renderReport([outcome({ orderedRatio: measuredOf([0.8]) })]);
    expect(text).toMatch(/order off.*\[orderedRatio\]\s+0\.7\s+0\.9\s+0\.8\s+1\s+floor holds/);
    expect(text).toMatch(/a row\s+1,267 jobs\/s\s+1,235 to 1,300\s+n=2/);
  });

  // `bench -- parallel-consumer` said that nothing was measured, above the rows of what was.
  test('of a program without figures says so, and shows its rows', () => {
    expect(renderReport([outcome({})])).toMatch(/has no figures with a floor[\s\S]*a row\s+1,267 jobs\/s/);
  });

  test('says when the machine was not quiet', () => {
    expect(renderReport([outcome({}, [0.1, 0.9])])).toContain('NOT quiet');
    expect(renderReport([outcome({}, [0.1, 0.2])])).not.toContain('NOT quiet');
  });

  test('has columns as wide as their widest text', () => {
    expect(alignColumns([['a', 'b'], ['ccc']])).toEqual(['a    b', 'ccc']);
  });
});
