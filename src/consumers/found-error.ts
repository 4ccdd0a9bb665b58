import type { JobDefinition } from '../core/job.ts';
import type { ErrorSummary } from '../core/outcome.ts';
import { afterWaiting, type JobSettings } from '../core/settings.ts';
import type { Delivery } from './delivery.ts';

/** An error of Esteira's own finding: nothing was thrown. */
export const foundError = (code: string, message: string): ErrorSummary => ({
  code,
  class: 'unrecoverable',
  message,
  fingerprint: code,
});

/** When the event or dispatch came about, epoch ms: as it says itself, else as its record says. */
export const bornMs = ({ envelope, job, record }: Delivery): number =>
  envelope.eventTimeMs ?? job.firstFailedAtMs ?? record.timestampMs;

/** Says that a job is older than its type allows; undefined when it is not. */
export const tooOld = (
  { maxAgeMs }: Pick<JobDefinition<unknown>, 'maxAgeMs'>,
  delivery: Delivery,
  atMs: number,
): ErrorSummary | undefined =>
  maxAgeMs !== undefined && atMs - bornMs(delivery) > maxAgeMs
    ? foundError('MAX_AGE', `older than ${maxAgeMs} ms (maxAge)`)
    : undefined;

/** What becomes of a job that had to wait for its turn: nothing, it is skipped, or it dies of the error. */
export const waitedTooLong = (
  settings: JobSettings,
  { job, notBeforeMs, record }: Delivery,
  atMs: number,
): 'wait' | 'skip' | ErrorSummary => {
  const { queueTimeoutMs } = settings;
  if (queueTimeoutMs === 0 || queueTimeoutMs === Number.POSITIVE_INFINITY) return 'wait';
  const verdict = afterWaiting(settings, atMs - (job.dueMs ?? notBeforeMs ?? record.timestampMs));
  if (verdict !== 'dead') return verdict;
  return foundError('QUEUE_TIMEOUT', `waited longer than ${queueTimeoutMs} ms for its turn (queueTimeout)`);
};
