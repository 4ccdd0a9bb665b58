import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { JobEvent } from '../../../../src/core/generated/job-event.ts';
import { BUCKETS_SECONDS } from '../../../../src/core/spread.ts';
import { createJobMetrics, METRIC_NAMES } from '../../../../src/telemetry/metrics/job-metrics.ts';
import { createMetricsRegistry } from '../../../../src/telemetry/metrics/registry.ts';
import { jobEvent } from '../../../support/job-events.ts';

const STATUSES: Readonly<Record<string, string>> = {
  'job.completed': 'success',
  'job.failed': 'failed',
  'job.retried': 'retried',
};

/** The same metrics on OpenTelemetry's own instruments. */
const onInstruments = (jobs: readonly { type: string; queue: string }[], events: readonly JobEvent[]) => {
  const registry = createMetricsRegistry();
  const { meter } = registry;
  const advice = { explicitBucketBoundaries: [...BUCKETS_SECONDS] };
  const seconds = { unit: 's', advice };
  const duration = meter.createHistogram(METRIC_NAMES.duration, {
    ...seconds,
    description: 'How long the handler ran, by attempt.',
  });
  const wait = meter.createHistogram(METRIC_NAMES.queueWait, {
    ...seconds,
    description: 'From when a job could start to its start.',
  });
  const attempts = meter.createCounter(METRIC_NAMES.attempts, { description: 'Attempts by how they ended.' });
  const description = 'Dead letters of the job type that this process knows of.';
  const gauge = meter.createGauge(METRIC_NAMES.deadLetters, { description });
  const dead = new Map<string, number>();
  const setDead = (labels: { job_type: string; queue: string }, change: number): void => {
    const key = JSON.stringify(labels);
    dead.set(key, Math.max(0, (dead.get(key) ?? 0) + change));
    gauge.record(dead.get(key) ?? 0, labels);
  };
  for (const { type, queue } of jobs) {
    const labels = { job_type: type, queue };
    for (const status of Object.values(STATUSES)) attempts.add(0, { ...labels, status });
    setDead(labels, 0);
  }
  for (const { type, jobType, queue, runMs, queueWaitMs } of events) {
    const labels = { job_type: jobType, queue };
    const status = STATUSES[type];
    if (status !== undefined) attempts.add(1, { ...labels, status });
    if (status !== undefined && status !== 'retried' && runMs !== null && runMs >= 0)
      duration.record(runMs / 1_000, labels);
    if (type === 'job.started' && queueWaitMs !== null && queueWaitMs >= 0)
      wait.record(queueWaitMs / 1_000, labels);
    if (type === 'job.sent_to_dlq') setDead(labels, 1);
    if (type === 'job.replayed') setDead(labels, -1);
  }
  return registry.text();
};

const onOwnNumbers = (jobs: readonly { type: string; queue: string }[], events: readonly JobEvent[]) => {
  const registry = createMetricsRegistry();
  const { observer } = createJobMetrics(registry.families, jobs);
  for (const event of events) observer(event);
  return registry.text();
};

const ms = fc.oneof(
  fc.constantFrom(null, -1, 0, 5, 10, 25, 2_500, 600_000, 600_000.1, Number.NaN),
  fc.double({ min: 0, max: 700_000, noNaN: true }),
);
const name = fc.constantFrom('settle', 'send-receipt', 'a "quoted" \\ one', 'ação\nnova');
const event = fc
  .record({
    type: fc.constantFrom(
      ...(['job.started', 'job.completed', 'job.failed', 'job.retried'] as const),
      ...(['job.sent_to_dlq', 'job.replayed', 'job.deferred'] as const),
    ),
    jobType: name,
    queue: fc.constantFrom('default', 'slow'),
    runMs: ms,
    queueWaitMs: ms,
  })
  .map(({ type, ...told }) => jobEvent(type, told));
const job = fc.record({ type: name, queue: fc.constantFrom('default', 'slow') });

// The numbers were OpenTelemetry instruments once, which cost 4 µs an event; dashboards must not see the difference.
it('shows the same text, to the letter, as the instruments of OpenTelemetry would', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(job, { maxLength: 3, selector: ({ type, queue }) => `${type} ${queue}` }),
      fc.array(event, { maxLength: 40 }),
      async (jobs, events) => {
        expect(await onOwnNumbers(jobs, events)).toBe(await onInstruments(jobs, events));
      },
    ),
    { numRuns: 60 },
  );
});
