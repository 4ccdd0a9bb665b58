import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProjectionStore } from '../../../../../src/telemetry/projection/store.ts';
import { ask } from '../../../../support/analytics/ask.ts';
import { EVENTS, PLACE } from '../../../../support/analytics/made-up-jobs.ts';
import { storeOf, uuid } from '../../../../support/analytics/made-up-store.ts';

describe('the views of business', () => {
  let store: ProjectionStore;
  beforeAll(async () => {
    store = await storeOf(EVENTS);
  });
  afterAll(() => store.close());

  const rows = async (sql: string) => (await ask(store, sql)).rows;

  it('count work by tenant and day, a job of two days on both', async () => {
    expect(await rows(`FROM tenants WHERE tenant_id = 'acme' ORDER BY day`)).toEqual([
      {
        ...{ day: '2026-10-01', tenant_id: 'acme', jobs: 4, completed: 1, dead: 1 },
        ...{ attempts: 3, failed: 2, run_ms: 1_500 },
      },
      {
        ...{ day: '2026-10-02', tenant_id: 'acme', jobs: 1, completed: 1, dead: 0 },
        ...{ attempts: 1, failed: 0, run_ms: 1_700 },
      },
    ]);
  });

  it('add the cost of each attempt once, failed and replayed ones too', async () => {
    expect(await rows('FROM costs ORDER BY day')).toEqual([
      {
        ...{ day: '2026-10-01', tenant_id: 'acme', job_type: 'send-receipt', currency: 'USD' },
        ...{ attempts: 3, cost_micros: 4_500_000, cost: 4.5, failed_cost_micros: 3_000_000 },
      },
      {
        ...{ day: '2026-10-02', tenant_id: 'acme', job_type: 'send-receipt', currency: 'USD' },
        ...{ attempts: 1, cost_micros: 1_500_000, cost: 1.5, failed_cost_micros: 0 },
      },
    ]);
    expect(await rows('SELECT cost_kind, attempts, quantity FROM cost_quantities')).toEqual([
      { cost_kind: 'calls', attempts: 2, quantity: 3 },
    ]);
  });

  it('judge the records of a job by its last report, not by every attempt', async () => {
    const found = await rows('FROM business_quality ORDER BY day');
    expect(found).toEqual([
      {
        ...{ day: '2026-10-01', job_type: 'send-receipt', ...PLACE, jobs: 1, records_total: 100 },
        ...{ records_valid: 90, records_error: 8, records_warning: 2, error_rate: 0.08, warning_rate: 0.02 },
        ...{ payload_size_bytes: 2_048, processing_p95_ms: 480 },
      },
      {
        ...{
          day: '2026-10-02',
          job_type: 'send-receipt',
          ...PLACE,
          region: 'pt',
          jobs: 1,
          records_total: 50,
        },
        ...{ records_valid: 50, records_error: 0, records_warning: 0, error_rate: 0, warning_rate: 0 },
        ...{ payload_size_bytes: 0, processing_p95_ms: null },
      },
    ]);
    expect(await rows('SELECT field, jobs, errors FROM errors_by_field')).toEqual([
      { field: 'price', jobs: 1, errors: 5 },
      { field: 'sku', jobs: 1, errors: 3 },
    ]);
  });

  it('give marketplace consumers their least payload, with its own name for a retry', async () => {
    const found = await rows(`FROM marketplace_events WHERE job_id = '${uuid(1)}' ORDER BY timestamp, event`);
    expect(found.map(({ event }) => event)).toEqual([
      ...['job.started', 'job.failed', 'job.retrying', 'job.started', 'job.completed'],
    ]);
    expect(found[4]).toEqual({
      ...{ event_id: uuid(0xe005), event: 'job.completed', job_id: uuid(1), task: 'send-receipt' },
      ...{ timestamp: '2026-10-01T12:00:34.000Z', ...PLACE, metrics: EVENTS[5]?.metrics },
    });
    expect(found[0]).toMatchObject({
      marketplace: '-',
      category: '-',
      region: '-',
      metrics: {},
    });
  });
});
