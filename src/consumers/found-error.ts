import type { JobDefinition } from '../core/job.ts';
import type { ErrorSummary } from '../core/outcome.ts';
import type { Delivery } from './delivery.ts';

/** An error of Esteira's own finding: nothing was thrown. */
export const foundError = (code: string, message: string): ErrorSummary => ({
  code,
  class: 'unrecoverable',
  message,
  fingerprint: code,
});

/** When the event or dispatch came about, epoch ms: as it says itself, else as its record says. */
const bornMs = ({ envelope, job, record }: Delivery): number =>
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
