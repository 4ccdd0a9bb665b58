import { beforeAll, describe, expect, test } from 'vitest';
import { meteredRun, type Scrape } from '../../../support/metered-app.ts';

describe('a process that ran all outcomes says of itself', () => {
  let scrape: Scrape;
  beforeAll(async () => {
    scrape = await meteredRun();
  }, 20_000);

  test('what happened to its jobs, and how it stands with what is left', () => {
    const { value } = scrape;
    const settle = { job_type: 'settle', queue: 'money' };
    expect(value('job_attempts_total', { ...settle, status: 'success' })).toBe(2);
    expect(value('esteira_retries_total', { job_type: 'settle', tier: '100ms' })).toBe(1);
    expect(value('esteira_retries_total', { job_type: 'ledger', tier: 'in_place' })).toBe(1);
    expect(value('esteira_dead_letters_total', { job_type: 'settle', reason: 'unrecoverable' })).toBe(1);
    expect(value('esteira_dead_letters_total', { job_type: 'ledger', reason: 'max_age' })).toBe(0);
    expect(value('jobs_in_dlq_total', settle)).toBe(1);
    expect(value('esteira_skips_total', { job_type: 'settle', reason: 'duplicate' })).toBe(1);
    expect(value('esteira_deferrals_total', { job_type: 'remind', reason: 'trigger_delay' })).toBe(2);
    expect(value('esteira_claims_total', { job_type: 'settle', result: 'run' })).toBeGreaterThanOrEqual(5);
    expect(value('esteira_claims_total', { job_type: 'settle', result: 'done' })).toBe(1);
    expect(value('esteira_lease_losses_total', { job_type: 'settle' })).toBe(0);
    expect(value('esteira_job_info', { job_type: 'settle', kind: 'reactive', critical: 'true' })).toBe(1);
    expect(value('esteira_job_info', { job_type: 'ledger', critical: 'false' })).toBe(1);
    expect(value('esteira_queue_concurrency', { queue: 'money' })).toBe(4);
    expect(value('esteira_queue_concurrency', { queue: 'catalogue' })).toBe(10);
    const meli = { job_type: 'validate', marketplace: 'meli', category: 'electronics', region: 'br-south' };
    expect(value('esteira_business_records_total', { ...meli, status: 'valid' })).toBe(90);
    expect(value('esteira_business_records_total', { ...meli, status: 'error' })).toBe(10);
    expect(value('esteira_tenant_tier_jobs_total', { tier: 'gold' })).toBe(2);
    expect(value('esteira_tenant_tier_jobs_total', { tier: '-' })).toBe(2);
    expect(value('esteira_lateness_seconds_count', { tier: '100ms' })).toBe(1);
    expect(value('esteira_relay_lag_records', { tier: '1m' })).toBe(2);
    expect(value('esteira_relay_late_seconds', { tier: '1m' })).toBe(0);
    expect(value('esteira_lateness_seconds_count', { tier: '1s' })).toBe(1);
    expect(value('nodejs_eventloop_delay_p99_seconds')).toBeGreaterThan(0);
  });

  test('what waits, for whom, and since when', () => {
    const { value } = scrape;
    const down = { job_type: 'settle', topic: 'billing.events' };
    expect(value('esteira_consumer_lag_records', down)).toBe(1);
    expect(value('esteira_oldest_waiting_seconds', { job_type: 'settle' })).toBeGreaterThan(0);
    expect(value('esteira_oldest_waiting_seconds', { job_type: 'validate' })).toBe(0);
    expect(value('esteira_suspensions', { job_type: 'settle', scope: 'tenant' })).toBe(1);
    expect(value('esteira_suspensions', { job_type: 'settle', scope: 'type' })).toBe(0);
    expect(value('esteira_suspended_seconds', { job_type: 'settle' })).toBeGreaterThan(0);
    expect(value('esteira_suspended_seconds', { job_type: 'ledger' })).toBe(0);
    expect(value('esteira_key_sequences_waiting', { job_type: 'ledger' })).toBe(1);
    expect(value('esteira_key_sequences_waiting', { job_type: 'settle' })).toBeUndefined();
    expect(value('esteira_key_oldest_waiting_seconds', { job_type: 'ledger' })).toBeGreaterThan(0);
    expect(value('esteira_jobs_in_flight', { job_type: 'settle' })).toBe(0);
  });

  test('what went over the wire, by the names that OpenTelemetry gives it', () => {
    const { value, series } = scrape;
    const events = { messaging_system: 'kafka', messaging_destination_name: 'billing.events' };
    expect(value('messaging_client_sent_messages_total', events)).toBe(7);
    const group = { ...events, messaging_consumer_group_name: 'metered.job.settle' };
    expect(value('messaging_client_consumed_messages_total', group)).toBe(7);
    const count = 'messaging_process_duration_seconds_count';
    expect(value(count, { ...group, error_type: 'unrecoverable' })).toBe(1);
    expect(value(count, { ...group, error_type: 'dependency-down' })).toBe(1);
    expect(series.filter((line) => line.startsWith(count) && line.endsWith(' 0'))).toEqual([]);
  });
});
