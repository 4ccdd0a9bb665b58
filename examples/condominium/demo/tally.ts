import type { JobEvent } from '../../../src/index.ts';

/** What became of the jobs of one type. */
export interface TypeTally {
  readonly jobType: string;
  readonly kind: string;
  completed: number;
  /** Completed ones that had failed before. */
  completedAfterRetry: number;
  retries: number;
  skipped: number;
  dead: number;
}

/** A job that runs no more without a human. */
export interface DeadJob {
  readonly jobType: string;
  readonly tenant: string;
  readonly chain: string;
  readonly reason: string;
  readonly code: string;
  readonly message: string;
}

/** Counts telemetry events; each once, however often it is told. */
export interface Tally {
  readonly types: ReadonlyMap<string, TypeTally>;
  readonly dead: readonly DeadJob[];
  /** False for an event that was counted before. */
  count(event: JobEvent): boolean;
  /** Completed, skipped and dead ones together. */
  ended(): number;
}

const newType = ({ jobType, kind }: JobEvent): TypeTally => ({
  ...{ jobType, kind },
  ...{ completed: 0, completedAfterRetry: 0, retries: 0, skipped: 0, dead: 0 },
});

const add = (tally: TypeTally, { type, attempt }: JobEvent): void => {
  if (type === 'job.completed') tally.completed += 1;
  if (type === 'job.completed' && attempt > 1) tally.completedAfterRetry += 1;
  if (type === 'job.retried') tally.retries += 1;
  if (type === 'job.skipped') tally.skipped += 1;
  if (type === 'job.sent_to_dlq') tally.dead += 1;
};

const deadJob = (event: JobEvent): DeadJob => ({
  jobType: event.jobType,
  tenant: event.tenantId,
  chain: event.correlationId,
  reason: event.reason ?? '',
  code: event.errorCode ?? '',
  message: event.errorMessage ?? '',
});

/** Makes an empty tally. */
export const createTally = (): Tally => {
  const types = new Map<string, TypeTally>();
  const dead: DeadJob[] = [];
  const seen = new Set<string>();
  return {
    types,
    dead,
    count: (event) => {
      if (seen.has(event.eventId)) return false;
      seen.add(event.eventId);
      const tally = types.get(event.jobType) ?? newType(event);
      types.set(event.jobType, tally);
      add(tally, event);
      if (event.type === 'job.sent_to_dlq') dead.push(deadJob(event));
      return true;
    },
    ended: () => [...types.values()].reduce((sum, one) => sum + one.completed + one.skipped + one.dead, 0),
  };
};
