import type { JobEvent } from '../../core/generated/job-event.ts';
import type { JobEventType } from '../../core/job-event.ts';

/** The least that the marketplace document guarantees of an event. */
export interface MarketplacePayload {
  /** `job.started`, `job.progress`, `job.completed`, `job.failed` or `job.retrying`. */
  readonly event: string;
  /** The same for an event that is sent twice. */
  readonly event_id: string;
  readonly job_id: string;
  /** The job type. */
  readonly task: string;
  /** ISO 8601, UTC. */
  readonly timestamp: string;
  /** `-` where it is not known, as in the partition key. */
  readonly marketplace: string;
  readonly category: string;
  readonly region: string;
  /** What was reported; `errors_by_field` is an object by field. */
  readonly metrics: Readonly<Record<string, number | Readonly<Record<string, number>>>>;
}

/** The events of the marketplace document, by the names they have on the telemetry topic. */
export const MARKETPLACE_TYPES: readonly JobEventType[] = [
  'job.started',
  'job.progress',
  'job.completed',
  'job.failed',
  'job.retried',
];

const BY_FIELD = 'errors_by_field.';

const nested = (metrics: JobEvent['metrics']): MarketplacePayload['metrics'] => {
  const plain: [string, number][] = [];
  const byField: [string, number][] = [];
  for (const [name, value] of Object.entries(metrics)) {
    if (name.startsWith(BY_FIELD)) byField.push([name.slice(BY_FIELD.length), value]);
    else plain.push([name, value]);
  }
  const fields = byField.length === 0 ? {} : { errors_by_field: Object.fromEntries(byField) };
  return { ...Object.fromEntries(plain), ...fields };
};

/** An event as the marketplace document has it; `job.retried` is called `job.retrying` there. */
export const marketplacePayload = ({ type, eventId, jobId, jobType, time, ...event }: JobEvent) => {
  const { marketplace = '-', category = '-', region = '-' } = event.dimensions;
  const payload: MarketplacePayload = {
    event: type === 'job.retried' ? 'job.retrying' : type,
    ...{ event_id: eventId, job_id: jobId, task: jobType, timestamp: new Date(time).toISOString() },
    ...{ marketplace, category, region, metrics: nested(event.metrics) },
  };
  return payload;
};
