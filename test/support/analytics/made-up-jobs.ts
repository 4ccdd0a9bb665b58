import { type MadeUp, uuid } from './made-up-store.ts';

const NOON = Date.UTC(2026, 9, 1, 12);
export const DAY_MS = 86_400_000;
export const at = (seconds: number): number => NOON + seconds * 1_000;

const COST = { costMicros: 1_500_000, costCurrency: 'USD' };
export const PLACE = { marketplace: 'alpha', category: 'shoes', region: 'br' };
const ERROR = {
  errorCode: 'HTTP_503',
  errorClass: 'transient',
  errorFingerprint: 'f1',
  errorMessage: 'busy',
};

/**
 * Job 1 fails, is retried and completes; a repeat of it is skipped. Job 2 dies, is replayed the next day and completes.
 * Job 3 is another tenant's, waits for its time and is over as a duplicate of another job. Job 4 dies without an
 * attempt. Job 5 has an id that is no UUID, and runs. Job 6 was found to be a repeat, and nothing else is known of it.
 */
export const EVENTS: readonly MadeUp[] = [
  { type: 'job.dispatched', time: at(0), attempt: 0, starts: 0 },
  { type: 'job.started', time: at(1), queueWaitMs: 1_000 },
  {
    ...{ type: 'job.failed', time: at(2), runMs: 900, ...ERROR, ...COST, dimensions: PLACE },
    metrics: {
      records_total: 100,
      records_valid: 60,
      records_error: 40,
      'errors_by_field.price': 40,
      'cost.calls': 2,
    },
  },
  { type: 'job.retried', time: at(2), hop: 1, dueAt: at(32), ...ERROR },
  { type: 'job.started', time: at(33), attempt: 2, starts: 2, hop: 1, queueWaitMs: 1_000, latenessMs: 1_000 },
  {
    ...{ type: 'job.completed', time: at(34), attempt: 2, starts: 2, hop: 1, runMs: 500, ...COST },
    ...{ dimensions: PLACE },
    metrics: {
      ...{ records_total: 100, records_valid: 90, records_error: 8, records_warning: 2, 'cost.calls': 1 },
      ...{
        'errors_by_field.price': 5,
        'errors_by_field.sku': 3,
        processing_time_ms: 480,
        payload_size_bytes: 2_048,
      },
    },
  },
  { type: 'job.skipped', time: at(60), attempt: 0, starts: 0, reason: 'duplicate' },

  { type: 'job.started', jobId: uuid(2), time: at(10), queueWaitMs: 3_000 },
  { type: 'job.failed', jobId: uuid(2), time: at(11), runMs: 100, ...ERROR, errorMessage: 'busier', ...COST },
  { type: 'job.sent_to_dlq', jobId: uuid(2), time: at(11), hop: 1, reason: 'attempts_exhausted', ...ERROR },
  { type: 'job.replayed', jobId: uuid(2), time: at(0) + DAY_MS, hop: 2, reason: 'attempts_exhausted' },
  { type: 'job.started', jobId: uuid(2), time: at(1) + DAY_MS, starts: 2, hop: 2, queueWaitMs: 10 },
  {
    ...{
      type: 'job.completed',
      jobId: uuid(2),
      time: at(3) + DAY_MS,
      starts: 2,
      hop: 2,
      runMs: 1_700,
      ...COST,
    },
    ...{ dimensions: { ...PLACE, region: 'pt' }, metrics: { records_total: 50, records_valid: 50 } },
  },

  {
    ...{ type: 'job.deferred', jobId: uuid(3), tenantId: 'umbrella', time: at(5), attempt: 0, starts: 0 },
    ...{ reason: 'trigger_delay', dueAt: at(15), hop: 1 },
  },
  {
    ...{
      type: 'job.skipped',
      jobId: uuid(3),
      tenantId: 'umbrella',
      time: at(16),
      attempt: 0,
      starts: 0,
      hop: 1,
    },
    ...{ reason: 'duplicate' },
  },

  {
    ...{ type: 'job.sent_to_dlq', jobId: uuid(4), tenantId: 'unknown', time: at(20), attempt: 0, starts: 0 },
    ...{ reason: 'undecodable' },
  },

  { type: 'job.started', jobId: 'odd-7', jobType: 'close-books', queue: 'books', time: at(40), userId: null },
  {
    type: 'job.progress',
    jobId: 'odd-7',
    jobType: 'close-books',
    queue: 'books',
    time: at(41),
    runMs: 1_000,
  },
  { type: 'job.suspended', jobId: uuid(1), time: at(90), reason: 'smtp', dimensions: { scope: 'type' } },

  {
    type: 'job.skipped',
    jobId: uuid(6),
    jobType: 'close-books',
    queue: 'books',
    time: at(50),
    attempt: 0,
    starts: 0,
    reason: 'superseded',
  },
];
