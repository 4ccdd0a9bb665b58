import type { AppDefinition } from '../../core/app.ts';
import { durationText } from '../../core/duration.ts';
import { longestWaitMs, waitingRetentionMs } from '../../core/retention.ts';
import type { Refusal } from './topic-plan.ts';

/**
 * Ordered job types whose waits, added up, outlast what their waiting topic can keep: the record of a head that is tried
 * that long would be gone before its last attempt.
 */
export const longWaits = (app: AppDefinition): readonly Refusal[] =>
  app.jobs
    .filter((job) => job.ordered && longestWaitMs(job) >= waitingRetentionMs(job))
    .map((job) => ({
      subject: `job type ${job.type}`,
      why: `may wait ${durationText(longestWaitMs(job))} between its attempts, and its waiting topic keeps records for ${durationText(waitingRetentionMs(job))} at most`,
      todo: 'shorten its retry waits, or give it a maxAge',
    }));
