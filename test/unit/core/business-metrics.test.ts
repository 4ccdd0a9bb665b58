import { describe, expect, test } from 'vitest';
import { MetricsCollector, marketplaceKey, validationReport } from '../../../src/core/business-metrics.ts';
import type { AttemptEnd, ReportFacts, ReportSource } from '../../../src/core/report.ts';

const CONTEXT = { marketplace: 'meli', category: 'shoes', region: 'br-sp', ruleset: '2026-10' };

/** A collector on a context that only remembers what it is given. */
const collect = (context = CONTEXT) => {
  const sources: ReportSource[] = [];
  const ctx = {
    eventTimeMs: 1_000,
    report: (given: ReportFacts | ReportSource) => {
      if (typeof given === 'function') sources.push(given);
    },
  };
  const metrics = new MetricsCollector(ctx, context);
  const told = (end: AttemptEnd = { runMs: 40, atMs: 1_250 }): ReportFacts => sources[0]?.(end) ?? {};
  return { metrics, told };
};

describe('a metrics collector', () => {
  test('tells every field of the document, with rates, as they are at the end of the attempt', () => {
    const { metrics, told } = collect();
    metrics.payloadSize(2_048);
    metrics.valid(6);
    metrics.warning();
    metrics.error('price', 'sku');
    metrics.error('price');
    metrics.error();
    expect(told()).toEqual({
      dimensions: CONTEXT,
      metrics: {
        ...{ payload_size_bytes: 2_048, records_total: 10, records_valid: 6, records_error: 3 },
        ...{ records_warning: 1, processing_time_ms: 40, latency_ms: 250 },
        ...{ error_rate: 0.3, warning_rate: 0.1, 'errors_by_field.price': 2, 'errors_by_field.sku': 1 },
      },
    });
  });

  test('has rates of 0 when nothing was counted, and leaves out what it was not told', () => {
    const { told } = collect();
    expect(told().metrics).toMatchObject({ records_total: 0, error_rate: 0, warning_rate: 0 });
    expect(validationReport({ marketplace: 'meli' }).dimensions).toEqual({ marketplace: 'meli' });
  });

  test('takes the time that the handler says instead of its own', () => {
    const { metrics, told } = collect();
    metrics.processingTime(7);
    expect(told({ runMs: 40, atMs: 500 }).metrics).toMatchObject({ processing_time_ms: 7, latency_ms: 0 });
  });

  test('names the sixteen fields with most errors, and tells the others together', () => {
    const { metrics, told } = collect();
    for (let field = 0; field < 20; field++)
      for (let errors = 0; errors <= field; errors++) metrics.error(`f${field}`);
    const byField = Object.entries(told().metrics ?? {}).filter(([name]) =>
      name.startsWith('errors_by_field.'),
    );
    expect(byField).toHaveLength(17);
    expect(Object.fromEntries(byField)).toMatchObject({
      ...{ 'errors_by_field.f19': 20, 'errors_by_field.f4': 5, 'errors_by_field.other': 1 + 2 + 3 + 4 },
    });
  });

  // Paths such as row[12].price made one entry a row.
  test('keeps a bounded number of fields, however many the data has, and long names short', () => {
    const { metrics, told } = collect();
    for (let row = 0; row < 5_000; row++) metrics.error(`row[${row}].${'x'.repeat(100)}`);
    const facts = told().metrics ?? {};
    const names = Object.keys(facts).filter((name) => name.startsWith('errors_by_field.'));
    expect(names.length).toBeLessThanOrEqual(17);
    expect(Math.max(...names.map(({ length }) => length))).toBe(64);
    const sum = names.reduce((total, name) => total + (facts[name] ?? 0), 0);
    expect(sum).toBe(5_000);
  });

  test('counts a field once a record, and survives fields with odd names', () => {
    const { metrics, told } = collect();
    metrics.error('price', 'price', '__proto__');
    expect(told().metrics).toMatchObject({ 'errors_by_field.price': 1, records_error: 1 });
    expect(told().metrics?.['errors_by_field.__proto__']).toBe(1);
  });

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('refuses to count %d', (count) => {
    const { metrics } = collect();
    for (const call of [
      () => metrics.valid(count),
      () => metrics.warning(count),
      () => metrics.payloadSize(count),
      () => metrics.processingTime(count),
    ])
      expect(call).toThrow(/is not 0 or more/);
  });
});

describe('the key of the marketplace document', () => {
  test.each([
    [{ marketplace: 'meli', category: 'shoes', region: 'br-sp' }, 'meli:shoes:br-sp'],
    [{ marketplace: 'meli' }, 'meli:-:-'],
    [{ category: '' }, '-:-:-'],
    [{ marketplace: 'a:b', category: 'c', region: 'd' }, 'a_b:c:d'],
  ])('of %j is %s', (dimensions, key) => {
    expect(marketplaceKey({ dimensions })).toBe(key);
  });
});
