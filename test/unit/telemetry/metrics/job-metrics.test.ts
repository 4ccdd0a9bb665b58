import { describe, expect, it, onTestFinished } from 'vitest';
import { startHealthServer } from '../../../../src/telemetry/health-server.ts';
import { createJobMetrics } from '../../../../src/telemetry/metrics/job-metrics.ts';
import { createMetricsRegistry } from '../../../../src/telemetry/metrics/registry.ts';
import { jobEvent } from '../../../support/job-events.ts';
import { recordingLog } from '../../../support/recording-log.ts';

/** The metrics behind the real HTTP endpoint. */
const bundle = async (jobs: { type: string; queue: string }[] = []) => {
  const registry = createMetricsRegistry();
  const metrics = createJobMetrics(registry.families, jobs);
  const server = await startHealthServer({
    port: 0,
    host: '127.0.0.1',
    live: () => ({}),
    ready: () => ({}),
    metrics: () => registry.text(),
    log: recordingLog(),
  });
  onTestFinished(() => server.close());
  const scrape = async (): Promise<readonly string[]> => {
    const response = await fetch(`http://127.0.0.1:${server.port}/metrics`);
    return (await response.text()).split('\n');
  };
  return { ...metrics, scrape };
};

const LABELS = 'job_type="send-receipt",queue="notifications"';
const series = (lines: readonly string[]) => lines.filter((line) => line !== '' && !line.startsWith('#'));

describe('what a scrape shows', () => {
  it('counts attempts by status; a failed attempt that is tried again counts as failed and as retried', async () => {
    const { observer, scrape } = await bundle();
    for (const attempt of [1, 2]) {
      observer(jobEvent('job.failed', { attempt, runMs: 10 }));
      observer(jobEvent('job.retried', { attempt }));
    }
    observer(jobEvent('job.completed', { attempt: 3, runMs: 10 }));
    const lines = await scrape();
    expect(lines).toContain('# TYPE job_attempts_total counter');
    expect(lines).toContain(`job_attempts_total{${LABELS},status="success"} 1`);
    expect(lines).toContain(`job_attempts_total{${LABELS},status="failed"} 2`);
    expect(lines).toContain(`job_attempts_total{${LABELS},status="retried"} 2`);
  });

  it('measures each attempt in seconds, in buckets from 5 ms to 10 min', async () => {
    const { observer, scrape } = await bundle();
    observer(jobEvent('job.completed', { runMs: 4 }));
    observer(jobEvent('job.failed', { runMs: 1_500 }));
    observer(jobEvent('job.completed', { runMs: 590_000 }));
    observer(jobEvent('job.retried', { runMs: 1_500 })); // the same attempt as the failed one
    const lines = await scrape();
    const name = 'job_processing_duration_seconds';
    expect(lines).toContain(`# TYPE ${name} histogram`);
    expect(lines).toContain(`${name}_count{${LABELS}} 3`);
    expect(lines).toContain(`${name}_sum{${LABELS}} 591.504`);
    expect(lines).toContain(`${name}_bucket{${LABELS},le="0.005"} 1`);
    expect(lines).toContain(`${name}_bucket{${LABELS},le="2.5"} 2`);
    expect(lines).toContain(`${name}_bucket{${LABELS},le="300"} 2`);
    expect(lines).toContain(`${name}_bucket{${LABELS},le="600"} 3`);
    expect(lines).toContain(`${name}_bucket{${LABELS},le="+Inf"} 3`);
  });

  it('measures the wait in the queue when a job starts', async () => {
    const { observer, scrape } = await bundle();
    observer(jobEvent('job.started', { queueWaitMs: 750 }));
    observer(jobEvent('job.completed', { queueWaitMs: 750, runMs: 1 })); // the same wait, told again
    observer(jobEvent('job.started'));
    const lines = await scrape();
    expect(lines).toContain('# TYPE job_queue_wait_seconds histogram');
    expect(lines).toContain(`job_queue_wait_seconds_count{${LABELS}} 1`);
    expect(lines).toContain(`job_queue_wait_seconds_sum{${LABELS}} 0.75`);
  });

  it('shows dead letters as a gauge that goes down with a replay and never below zero', async () => {
    const { observer, scrape, setDeadLetters } = await bundle();
    const gauge = async () => series(await scrape()).find((line) => line.startsWith('jobs_in_dlq_total'));
    observer(jobEvent('job.sent_to_dlq'));
    observer(jobEvent('job.sent_to_dlq'));
    expect(await scrape()).toContain('# TYPE jobs_in_dlq_total gauge');
    expect(await gauge()).toBe(`jobs_in_dlq_total{${LABELS}} 2`);
    observer(jobEvent('job.replayed'));
    expect(await gauge()).toBe(`jobs_in_dlq_total{${LABELS}} 1`);
    observer(jobEvent('job.replayed'));
    observer(jobEvent('job.replayed'));
    expect(await gauge()).toBe(`jobs_in_dlq_total{${LABELS}} 0`);
    setDeadLetters({ type: 'send-receipt', queue: 'notifications' }, 40);
    observer(jobEvent('job.sent_to_dlq'));
    expect(await gauge()).toBe(`jobs_in_dlq_total{${LABELS}} 41`);
  });

  it('tells known job types with zero from the start, so that a first failure is an increase', async () => {
    const { scrape } = await bundle([{ type: 'send-receipt', queue: 'notifications' }]);
    const lines = await scrape();
    for (const status of ['success', 'failed', 'retried']) {
      expect(lines).toContain(`job_attempts_total{${LABELS},status="${status}"} 0`);
    }
    expect(lines).toContain(`jobs_in_dlq_total{${LABELS}} 0`);
  });

  it('has the four metrics and no label beyond job type, queue, status and le', async () => {
    const { observer, scrape } = await bundle();
    for (const tenantId of ['acme', 'globex']) {
      const told = {
        tenantId,
        userId: `user of ${tenantId}`,
        runMs: 5,
        queueWaitMs: 5,
        dimensions: { region: tenantId },
      };
      observer(jobEvent('job.started', told));
      observer(jobEvent('job.completed', told));
      observer(jobEvent('job.sent_to_dlq', told));
    }
    const lines = series(await scrape());
    const names = new Set(
      lines.map((line) => line.replace(/[{ ].*/, '').replace(/_(bucket|sum|count)$/, '')),
    );
    expect([...names].sort()).toEqual([
      'job_attempts_total',
      'job_processing_duration_seconds',
      'job_queue_wait_seconds',
      'jobs_in_dlq_total',
    ]);
    const labels = new Set(lines.flatMap((line) => [...line.matchAll(/(\w+)="/g)].map(([, label]) => label)));
    expect([...labels].sort()).toEqual(['job_type', 'le', 'queue', 'status']);
    expect(lines.join('\n')).not.toMatch(/acme|globex/);
  });
});
