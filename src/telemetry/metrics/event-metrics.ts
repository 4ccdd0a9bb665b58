import type { AppDefinition } from '../../core/app.ts';
import type { JobEvent } from '../../core/generated/job-event.ts';
import type { JobEventType } from '../../core/job-event.ts';
import type { JobEventObserver } from '../observer-fan.ts';
import { createBusinessMetrics } from './business-metrics.ts';
import { createJobMetrics, type JobMetrics } from './job-metrics.ts';
import type { MetricFamilies } from './metric-families.ts';
import { createStepMetrics } from './step-metrics.ts';
import { createTenantMetrics, type TenantMetricsOptions } from './tenant-metrics.ts';

export interface EventMetricsOptions extends TenantMetricsOptions {
  readonly app: Pick<AppDefinition, 'jobs' | 'ladderMs'>;
  /** Whether somebody counts the dead letters that there are; see {@link createJobMetrics}. */
  readonly countsLetters: boolean;
}

/** Everything that is counted of the job events of this process. */
export const createEventMetrics = (
  families: MetricFamilies,
  { app, countsLetters, ...tenants }: EventMetricsOptions,
): JobMetrics => {
  const { observer, setDeadLetters } = createJobMetrics(families, app.jobs, countsLetters);
  const steps = createStepMetrics(families, app);
  const business = createBusinessMetrics(families);
  const ofTenant = createTenantMetrics(families, tenants);
  const counted = new Map<string, JobEventObserver>(
    Object.entries({
      'job.retried': (event) => steps.retried(event),
      'job.sent_to_dlq': (event) => steps.died(event),
      'job.skipped': (event) => steps.skipped(event),
      'job.deferred': (event) => steps.deferred(event),
    } satisfies Partial<Record<JobEventType, JobEventObserver>>),
  );
  const eventMetrics = (event: JobEvent): void => {
    observer(event);
    const { type } = event;
    // The two that every job has are told apart first: asking the map costs more than all that is counted.
    if (type === 'job.started') return;
    if (type === 'job.completed') {
      business(event);
      ofTenant(event);
    } else counted.get(type)?.(event);
  };
  return { observer: eventMetrics, setDeadLetters };
};
