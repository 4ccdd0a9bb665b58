import type { JobEvent } from '../core/generated/job-event.ts';
import type { Progress } from '../core/progress.ts';
import { redactDimensions } from '../security/told-dimensions.ts';
import type { Delivery } from './delivery.ts';
import type { RunFacts, Teller } from './job-telling.ts';

/** What a run says of how far it is. */
export interface ToldProgress extends Progress {
  /** Which report of the run that is told this is, from 1. */
  readonly part: number;
  readonly startedMs: number;
}

/** The `job.progress` of a run. Dimensions come from a handler, so they are redacted. */
export const progressEvent = (
  teller: Teller,
  delivery: Delivery,
  { executionId, fence, attempt, starts }: RunFacts,
  atMs: number,
  { part, startedMs, dimensions, metrics }: ToldProgress,
): JobEvent => {
  return teller.of(delivery, 'job.progress', `fence:${fence}:${part}`, atMs, {
    ...{ executionId, fence, attempt, starts, metrics },
    runMs: Math.max(0, atMs - startedMs),
    dimensions: redactDimensions(Object.entries(dimensions)),
  });
};
