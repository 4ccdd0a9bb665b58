import { z } from 'zod';
import { controlRule } from '../../core/control-rules.ts';

const maybe = z.string().nullable();

/** `esteira control list --json`. */
export const ControlList = z.object({ rules: z.array(controlRule) });

/** `esteira limits list --json`. */
export const LimitsList = z.object({ limits: z.array(controlRule) });

/** What commands that change what workers obey print: `pause`, `resume`, `limits`, `jobs cancel`, `queues purge`. */
export const ControlChanges = z.object({
  changes: z.array(
    z.looseObject({
      subject: z.string(),
      outcome: z.enum(['would_set', 'set', 'would_clear', 'cleared', 'unchanged', 'refused']),
      detail: z.string(),
      before: controlRule.nullable(),
      after: controlRule.nullable(),
    }),
  ),
});

/** `esteira keys unblock --json` and `keys skip`. */
export const KeyChanges = z.object({
  changes: z.array(
    z.object({
      partition: z.string(),
      outcome: z.enum(['would_lift', 'lifted', 'would_skip', 'skipped', 'refused']),
      detail: z.string(),
    }),
  ),
});

/** `esteira keys list --json`. Times are ISO 8601. */
export const KeysList = z.object({
  keys: z.array(
    z.object({
      jobType: z.string(),
      tenant: z.string(),
      key: z.string(),
      partition: z.string(),
      parked: z.int(),
      held: z.int().nullable(),
      head: z
        .object({
          position: z.string(),
          jobId: maybe,
          attempt: z.int().nullable(),
          dueAt: maybe,
          dies: maybe,
          error: maybe,
        })
        .nullable(),
      since: maybe,
    }),
  ),
  isCut: z.boolean(),
});

const backlog = {
  topic: z.string(),
  records: z.int(),
  oldest: maybe.describe('ISO 8601'),
  hasOffsets: z.boolean(),
};

/** `esteira queues list --json`. */
export const QueuesList = z.object({
  queues: z.array(
    z.object({
      queue: z.string(),
      priority: z.string(),
      limit: z
        .object({
          queue: z.string(),
          tenant: z.string().optional(),
          used: z.int(),
          most: z.int(),
          waiting: z.int(),
        })
        .nullable(),
      jobTypes: z.array(
        z.object({
          jobType: z.string(),
          groupId: z.string(),
          members: z.int(),
          running: z.int().nullable().describe('handlers that run; null where no process says'),
          reporting: z.int().describe('processes that say what runs in them'),
          stopped: z
            .array(
              z.object({
                kind: z.enum(['dependency', 'problem']),
                what: z.string(),
                tenant: maybe.describe('null: all of them'),
                since: z.string().describe('ISO 8601'),
                nextTry: maybe.describe('when the next job may try, ISO 8601'),
                processes: z.int(),
              }),
            )
            .describe('what processes have stopped by themselves'),
          starts: z.enum(['free', 'paused', 'suspended', 'stopped', 'in-part', 'unknown']),
          pausedBy: maybe.describe('an operator'),
          suspended: z.array(z.string()).describe('what its dead-letter guard has suspended'),
          topics: z.array(z.object(backlog)),
          keysParked: z.int().nullable(),
          keysHeld: z.int().nullable(),
          keysCut: z.boolean(),
          deadLetters: z.int(),
        }),
      ),
    }),
  ),
  tiers: z.array(z.object({ ...backlog, groupId: z.string(), members: z.int(), overdueMs: z.number() })),
  gaps: z.array(z.string()).describe('what could not be looked up, and why'),
});
