import { z } from 'zod';

/** A job type of a measured app, and the event it listens to. */
const JobShape = z.object({
  type: z.string(),
  topic: z.string(),
  /** The `ce_type`: several on one topic are told apart by it. */
  eventType: z.string(),
  /** Wait before each repeat, ms. */
  backoffMs: z.array(z.number()).min(1),
});
export type JobShape = z.infer<typeof JobShape>;

/** A measured app, as plain data: the parent makes its topics, children run it. */
export const AppShape = z.object({
  ns: z.string(),
  jobs: z.array(JobShape).min(1),
  order: z.enum(['none', 'key']),
  /** Partitions of event topics. */
  partitions: z.number(),
  /** Delay tiers, ms; absent for the default ladder. */
  tiersMs: z.array(z.number()).optional(),
  attempts: z.number(),
  leaseMs: z.number(),
});
export type AppShape = z.infer<typeof AppShape>;

const ONLY_TIER_MS = 100;

/** An app with one job type on a topic of its own, and one tier. */
export const simpleShape = (ns: string, changes: Partial<AppShape> = {}): AppShape => ({
  ns,
  jobs: [jobShape(ns, 0)],
  order: 'none',
  partitions: 6,
  tiersMs: [ONLY_TIER_MS],
  attempts: 3,
  leaseMs: 30_000,
  ...changes,
});

/** Job type number `number` of an app, on a topic of its own unless one is given. */
export const jobShape = (ns: string, number: number, topic = `${ns}.events-${number}`): JobShape => ({
  type: `work-${number}`,
  topic,
  eventType: `esteira.bench.WorkAsked${number}`,
  backoffMs: [ONLY_TIER_MS],
});
