import { describe, expect, it } from 'vitest';
import { createEventMetrics } from '../../../../src/telemetry/metrics/event-metrics.ts';
import { createMetricsRegistry } from '../../../../src/telemetry/metrics/registry.ts';
import { jobEvent } from '../../../support/job-events.ts';
import { manualClock } from '../../../support/manual-clock.ts';
import { readScrape } from '../../../support/metered-app.ts';
import { onInvoice } from '../../consumers/bench.ts';

const setUp = (tierOf: (tenant: string) => string | undefined = () => undefined) => {
  const registry = createMetricsRegistry();
  const jobs = [onInvoice({ type: 'send-receipt' }), onInvoice({ type: 'ledger', order: 'key' })];
  const metrics = createEventMetrics(registry.families, {
    ...{ app: { jobs, ladderMs: [1_000, 60_000] }, countsLetters: false, clock: manualClock() },
    ...{ tierOf, topTenants: 3 },
  });
  return { ...metrics, read: async () => readScrape(await registry.text()) };
};

describe('records that jobs report', () => {
  const reported = (
    marketplace: string,
    metrics: Readonly<Record<string, number>>,
    type = 'job.completed' as const,
  ) => jobEvent(type, { dimensions: { marketplace, category: 'toys', region: 'br' }, metrics });

  it('are counted by marketplace, category and region, for the attempt that completed', async () => {
    const { observer, read } = setUp();
    observer(reported('meli', { records_valid: 7, records_error: 2 }));
    observer(reported('meli', { records_valid: 3, records_warning: 1 }));
    observer(jobEvent('job.failed', { dimensions: { marketplace: 'meli' }, metrics: { records_error: 40 } }));
    const { value, series } = await read();
    const of = (status: string) => value('esteira_business_records_total', { marketplace: 'meli', status });
    expect([of('valid'), of('error'), of('warning')]).toEqual([10, 2, 1]);
    expect(series.filter((line) => line.startsWith('esteira_business'))).toHaveLength(3);
  });

  it('of more places than there is room for are counted together, and none is lost', async () => {
    const { observer, read } = setUp();
    for (let place = 0; place < 5_000; place++) observer(reported(`shop-${place}`, { records_valid: 2 }));
    observer(reported('other', { records_valid: 1 }));
    const { value, series } = await read();
    expect(value('esteira_business_records_total', { status: 'valid' })).toBe(10_001);
    expect(series.filter((line) => line.startsWith('esteira_business')).length).toBeLessThanOrEqual(201 * 3);
    expect(value('esteira_business_records_total', { marketplace: 'other', status: 'valid' })).toBe(
      4_800 * 2 + 1,
    );
  });

  it('that are no numbers of records are left out, and what is not said is a dash', async () => {
    const { observer, read } = setUp();
    observer(
      jobEvent('job.completed', {
        metrics: { records_valid: Number.NaN, records_error: -4, records_warning: 1 },
      }),
    );
    const { value } = await read();
    const nowhere = { marketplace: '-', category: '-', region: '-' };
    expect(value('esteira_business_records_total', { ...nowhere, status: 'warning' })).toBe(1);
    expect(value('esteira_business_records_total', { ...nowhere, status: 'valid' })).toBe(0);
    expect(value('esteira_business_records_total', { ...nowhere, status: 'error' })).toBe(0);
  });

  it('from places with huge or odd names stand on one line, cut and escaped', async () => {
    const { observer, read } = setUp();
    const odd = `a "b" \\ c\n# HELP faked\r\u2028\u0000${'x'.repeat(10_000)}\ud800`;
    observer(reported(odd, { records_valid: 1 }));
    const { series } = await read();
    const [line = ''] = series.filter((one) => one.startsWith('esteira_business') && one.endsWith(' 1'));
    expect(line).toContain('marketplace="a \\"b\\" \\\\ c # HELP faked xxx');
    expect(line.length).toBeLessThan(300);
  });
});

describe('steps that few jobs take', () => {
  it('are counted by reason, dead letters from zero', async () => {
    const { observer, read } = setUp();
    observer(jobEvent('job.sent_to_dlq', { reason: 'max_age' }));
    observer(jobEvent('job.skipped', { reason: 'queue_full' }));
    observer(jobEvent('job.deferred', { reason: 'paused' }));
    const { value } = await read();
    expect(value('esteira_dead_letters_total', { job_type: 'send-receipt', reason: 'max_age' })).toBe(1);
    expect(value('esteira_dead_letters_total', { job_type: 'send-receipt', reason: 'undecodable' })).toBe(0);
    expect(value('esteira_skips_total', { reason: 'queue_full' })).toBe(1);
    expect(value('esteira_deferrals_total', { reason: 'paused' })).toBe(1);
  });

  it('have a bounded number of reasons, whatever is told', async () => {
    const { observer, read } = setUp();
    for (let reason = 0; reason < 1_000; reason++)
      observer(jobEvent('job.skipped', { reason: `made-up-${reason}` }));
    const { value, series } = await read();
    expect(series.filter((line) => line.startsWith('esteira_skips_total')).length).toBeLessThanOrEqual(31);
    expect(value('esteira_skips_total', {})).toBe(1_000);
  });

  it('count a retry under the tier where it waits, and an ordered one in its place', async () => {
    const { observer, read } = setUp();
    const retried = (jobType: string, waitMs: number) =>
      observer(jobEvent('job.retried', { jobType, time: 1_000, dueAt: 1_000 + waitMs }));
    for (const waitMs of [100, 1_500, 59_999]) retried('send-receipt', waitMs);
    retried('send-receipt', 3_600_000);
    retried('ledger', 3_600_000);
    const { value } = await read();
    const of = (job_type: string, tier: string) => value('esteira_retries_total', { job_type, tier });
    expect([of('send-receipt', '1s'), of('send-receipt', '1m'), of('ledger', 'in_place')]).toEqual([3, 1, 1]);
  });
});

describe('tiers of tenants', () => {
  it('are counted by name, at most twenty of them, the rest together', async () => {
    const { observer, read } = setUp((tenant) => (tenant === 'acme' ? undefined : `tier of ${tenant}`));
    observer(jobEvent('job.completed', { tenantId: 'acme' }));
    for (let tenant = 0; tenant < 500; tenant++)
      observer(jobEvent('job.completed', { tenantId: `t${tenant}` }));
    const { value, series } = await read();
    expect(value('esteira_tenant_tier_jobs_total', {})).toBe(501);
    expect(value('esteira_tenant_tier_jobs_total', { tier: '-' })).toBe(1);
    expect(series.filter((line) => line.startsWith('esteira_tenant_tier')).length).toBeLessThanOrEqual(21);
  });
});

describe('dead letters that are counted on their topics', () => {
  it('are not told before they are counted: a zero that is none would be taken for one', async () => {
    const registry = createMetricsRegistry();
    const { observer, setDeadLetters } = createEventMetrics(registry.families, {
      ...{ app: { jobs: [onInvoice({ type: 'send-receipt' })], ladderMs: [] }, clock: manualClock() },
      ...{ tierOf: () => undefined, topTenants: 0, countsLetters: true },
    });
    const read = async () => readScrape(await registry.text()).value('jobs_in_dlq_total');
    observer(jobEvent('job.sent_to_dlq'));
    expect(await read()).toBeUndefined();
    setDeadLetters({ type: 'send-receipt', queue: 'notifications' }, 40);
    observer(jobEvent('job.sent_to_dlq'));
    expect(await read()).toBe(41);
  });
});
