import { z } from 'zod';
import { PlanValue } from '../../runtime/replay/control-values.ts';
import { LEDGER_OUTCOMES } from '../../runtime/replay/index.ts';
import { letterFields } from './dlq.ts';

const maybe = z.string().nullable();
const outcome = z.enum(LEDGER_OUTCOMES);
const jobOutcome = z.enum(['completed', 'skipped', 'cancelled', 'dead', 'failing']);

/** A plan as it is stored. */
const plan = { planId: z.string(), ...PlanValue.shape };

/** `esteira replay plan --json`, and `esteira window plan`. */
export const ReplayPlan = z.object(plan);

/** `esteira replay review --json`. */
export const ReplayReview = z.object({
  ...plan,
  review: z.array(
    z.object({
      verdict: z.string(),
      count: z.int(),
      examples: z.array(z.object({ position: z.string(), detail: maybe })),
    }),
  ),
});

/** Where a plan stands. Times are ISO 8601. */
const status = {
  planId: z.string(),
  of: z.enum(['letters', 'window']).describe('dead letters, or a window of an event topic'),
  state: z.enum([
    'waits_for_approval',
    'planned',
    'running',
    'interrupted',
    'paused',
    'stopped',
    'cancelled',
    'finished',
  ]),
  why: maybe,
  selection: z.string(),
  topics: z.array(z.string()),
  madeBy: z.string(),
  madeAt: z.string(),
  approvedBy: maybe,
  runBy: maybe,
  startedAt: maybe,
  options: z
    .object({
      rate: z.number(),
      canary: z.number(),
      failureRatio: z.number(),
      canaryWaitMs: z.number(),
      undecodable: z.boolean(),
    })
    .nullable(),
  canary: maybe,
  holder: z
    .object({
      planId: z.string(),
      actor: z.string(),
      host: z.string(),
      runner: z.string(),
      heardOfAt: z.string(),
    })
    .nullable(),
  total: z.int(),
  settled: z.int(),
  counts: z.record(z.string(), z.int()).describe('of the ledger, by outcome'),
};

/** What steps such as `esteira replay approve --json` print. */
export const ReplayStep = z.object(status);

/** `esteira replay status --json`. */
export const ReplayStatus = z.object({
  ...status,
  jobs: z.record(z.string(), z.int()).describe('what was told of the jobs since, by outcome'),
});

/** `esteira replay list --json`. */
export const ReplayList = z.object({ plans: z.array(z.object(status)) });

/** `esteira replay result --json`. */
export const ReplayResult = z.object({
  records: z.array(
    z.object({
      position: z.string(),
      jobId: maybe,
      tenant: maybe,
      outcome: outcome.nullable(),
      inbox: maybe,
      job: jobOutcome.nullable(),
    }),
  ),
});

/** `esteira dlq replay --json`. */
export const DlqReplay = z.object({
  replayId: maybe.describe('the plan; null on a dry run, and where nothing was to be replayed'),
  items: z.array(
    z.object({
      position: z.string(),
      jobType: maybe,
      jobId: maybe,
      outcome: z.enum(['would_replay', ...LEDGER_OUTCOMES]),
      detail: maybe,
      inbox: maybe,
      letter: z.object(letterFields).nullable(),
    }),
  ),
  matched: z.int().describe('how many are meant; more than items when the limit cut them'),
});

/** `esteira replay run --json`. */
export const ReplayRun = z.object({
  planId: z.string(),
  state: z.enum(['finished', 'paused', 'stopped', 'cancelled']),
  why: maybe,
  total: z.int(),
  settled: z.int(),
  settledBefore: z.int().describe('by earlier processes'),
  counts: z.record(z.string(), z.int()),
  elapsedMs: z.number(),
});
