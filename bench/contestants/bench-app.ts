import { type AppDefinition, defineApp, defineEvent, defineJob, type JobContext } from '../../src/index.ts';
import { WorkAsked } from '../generated/work-asked.ts';
import type { AppShape, JobShape } from './app-shape.ts';

/** What a measured app does with a piece of work. */
export type WorkHandler = (work: WorkAsked, ctx: JobContext) => unknown;

/** The event a job type of a shape listens to. */
export const eventOf = ({ partitions }: AppShape, { topic, eventType }: JobShape) =>
  defineEvent(WorkAsked, { topic, type: eventType, check: 'none', partitions });

/** The app of a shape; the directory knows every tenant. */
export const benchApp = (shape: AppShape, run: WorkHandler = () => undefined): AppDefinition => {
  const events = new Map(shape.jobs.map((job) => [job.eventType, eventOf(shape, job)]));
  const jobs = shape.jobs.map((job) =>
    defineJob<WorkAsked>({
      type: job.type,
      kind: 'system',
      on: events.get(job.eventType) ?? eventOf(shape, job),
      order: shape.order,
      idempotencyKey: (work) => work.workId,
      retry: { attempts: shape.attempts, backoff: job.backoffMs },
      lease: shape.leaseMs,
      startFrom: 'beginning',
      run,
    }),
  );
  return defineApp({
    name: shape.ns,
    events: [...events.values()],
    jobs,
    tenants: { resolve: async (id) => ({ id }) },
    ...(shape.tiersMs === undefined ? {} : { tiers: shape.tiersMs }),
  });
};
