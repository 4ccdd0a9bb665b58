import type { Attributes } from '@opentelemetry/api';
import type { AppDefinition } from '../../core/app.ts';
import { durationName } from '../../core/duration.ts';
import type { JobEvent } from '../../core/generated/job-event.ts';
import { tierFor } from '../../core/ladder.ts';
import { DEAD_REASONS } from '../../core/outcome.ts';
import { OTHER } from './label-value.ts';
import type { Count, CountFamily, MetricFamilies } from './metric-families.ts';

/** Reasons of one kind of event that have numbers of their own; there are fewer, and none comes from outside. */
const MOST_REASONS = 30;

/** Numbers by job type and one more word, made when there is something to count. */
const wordBook = (family: CountFamily, label: string) => {
  const byType = new Map<string, Map<string, Count>>();
  const make = (jobType: string, word: string): Count => {
    const labels: Attributes = { job_type: jobType, [label]: word };
    return family.of(labels);
  };
  return (jobType: string, word: string): Count => {
    const words = byType.get(jobType) ?? new Map<string, Count>();
    byType.set(jobType, words);
    const bounded = words.has(word) || words.size < MOST_REASONS ? word : OTHER;
    const count = words.get(bounded) ?? make(jobType, bounded);
    words.set(bounded, count);
    return count;
  };
};

/** What is counted of a step. */
export interface StepMetrics {
  retried(event: JobEvent): void;
  died(event: JobEvent): void;
  skipped(event: JobEvent): void;
  deferred(event: JobEvent): void;
}

/** The wait of an ordered job is none of a tier: it keeps its place. */
const IN_PLACE = 'in_place';

/** Retries by tier, dead letters, skips and deferrals by reason: the steps that few jobs take. */
export const createStepMetrics = (
  families: MetricFamilies,
  { jobs, ladderMs }: Pick<AppDefinition, 'jobs' | 'ladderMs'>,
): StepMetrics => {
  const family = (name: string, description: string): CountFamily =>
    families.counts('counter', { name, description });
  const retries = wordBook(
    family('esteira_retries_total', 'Failed attempts that another follows, by the tier where it waits.'),
    'tier',
  );
  const dead = wordBook(family('esteira_dead_letters_total', 'Jobs that died, by reason.'), 'reason');
  const skips = wordBook(
    family('esteira_skips_total', 'Jobs that were not run, or not again, by reason.'),
    'reason',
  );
  const deferrals = wordBook(
    family('esteira_deferrals_total', 'Jobs that were set aside without having failed, by reason.'),
    'reason',
  );
  const ordered = new Set(jobs.filter((job) => job.ordered).map(({ type }) => type));
  // The first dead letter must be an increase, and not a new series.
  for (const { type } of jobs) for (const reason of DEAD_REASONS) dead(type, reason);
  const tierOf = ({ jobType, dueAt, time }: JobEvent): string => {
    if (ordered.has(jobType)) return IN_PLACE;
    const tierMs = tierFor(ladderMs, (dueAt ?? time) - time) ?? ladderMs[0];
    return tierMs === undefined ? IN_PLACE : durationName(tierMs);
  };
  const bump = (count: Count): void => {
    count.value += 1;
  };
  return {
    retried: (event) => bump(retries(event.jobType, tierOf(event))),
    died: ({ jobType, reason }) => bump(dead(jobType, reason ?? OTHER)),
    skipped: ({ jobType, reason }) => bump(skips(jobType, reason ?? OTHER)),
    deferred: ({ jobType, reason }) => bump(deferrals(jobType, reason ?? OTHER)),
  };
};
