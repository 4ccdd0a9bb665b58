import { z } from 'zod';
import { LETTER_STATES } from '../../consumers/dead-letters/index.ts';

const text = z.string();
const maybe = z.string().nullable();

/** A dead letter in a list. Times are ISO 8601. */
export const letterFields = {
  position: text.describe('topic/partition/offset'),
  jobType: text,
  jobId: maybe,
  reason: maybe,
  errorCode: maybe,
  errorClass: maybe,
  errorMessage: maybe.describe('redacted'),
  errorFingerprint: maybe,
  tenant: maybe.describe('as the record says; not resolved'),
  eventType: maybe,
  eventId: maybe,
  correlationId: maybe,
  attempts: z.int().nullable(),
  starts: z.int().nullable(),
  replays: z.int(),
  origin: maybe,
  firstFailedAt: maybe,
  deadAt: text,
  sizeBytes: z.int(),
};

/** `esteira dlq list --json`. */
export const DlqList = z.object({
  letters: z.array(z.object({ ...letterFields, state: z.enum(LETTER_STATES).optional() })),
  matched: z.int().describe('how many are meant; more than letters when the limit cut them'),
  hidden: z.int().optional().describe('how many were left out for what became of them'),
  read: z.int(),
});

/** `esteira dlq show --json`. */
export const DlqShow = z.object({
  ...letterFields,
  state: z.enum(LETTER_STATES).describe('what became of it'),
  history: z
    .array(
      z.object({
        what: text.describe('discarded, restored, edited, made by an edit, or an outcome of a replay'),
        at: text,
        by: text,
        because: text,
        askedBy: maybe.describe('who asked, where a second person did it'),
        id: maybe.describe('the plan of a replay, or the id of a discard'),
        position: maybe.describe('its copy, or the letter that took its place, or whose place it took'),
      }),
    )
    .describe('what was done about it, the oldest first'),
  key: maybe,
  headers: z.record(z.string(), z.string()).describe('all, job-* among them; redacted'),
  payload: z.discriminatedUnion('readable', [
    z.object({ readable: z.literal(true), as: text, value: z.unknown().describe('redacted') }),
    z.object({ readable: z.literal(false), code: text, detail: text }),
  ]),
  raw: z.object({ key: maybe, value: maybe }).optional().describe('base64; only with --raw'),
});

const counts = z.array(z.object({ value: text, count: z.int() }));

/** `esteira dlq stats --json`. */
export const DlqStats = z.object({
  letters: z.int().describe('those that are counted below'),
  read: z.int(),
  byState: z.record(z.enum(LETTER_STATES), z.int()).describe('of all that are meant'),
  byJobType: counts,
  byReason: counts,
  byErrorCode: counts,
  byFingerprint: counts,
  byTenant: counts,
  byAge: counts,
  oldestAt: maybe,
  newestAt: maybe,
  asked: z
    .array(z.object({ deedId: text, letters: z.int(), by: text }))
    .describe('discards that wait for a second person'),
});

/** `esteira dlq discard --json`, `restore` and `approve`. */
export const DlqDeed = z.object({
  deed: z.enum(['discard', 'restore']),
  outcome: z.enum(['would_be_done', 'would_be_asked', 'asked', 'done', 'nothing']),
  deedId: maybe.describe('names it in the audit; null where nothing was written'),
  letters: z.int(),
  examples: z.array(text),
  reasons: z.record(z.string(), z.int()).describe('by dead reason'),
  leftOut: z.record(z.string(), z.int()).describe('by what became of them'),
  gone: z.int().describe('positions where nothing stands'),
  keys: z
    .array(
      z.object({
        jobType: text,
        tenant: text,
        key: text,
        partition: text,
        outcome: z.enum(['stays', 'would_lift', 'lifted', 'replayed']),
        left: z.int(),
      }),
    )
    .describe('ordering keys that these letters hold'),
});

/** `esteira dlq edit --json`. */
export const DlqEdit = z.object({
  position: text,
  jobId: text,
  jobType: text,
  differences: z
    .array(z.object({ path: text, before: maybe, after: maybe }))
    .describe('values are JSON, redacted and cut; null where there is none'),
  checkedAgainst: text,
  idempotencyKey: z.enum(['same', 'changed']),
  orderingKey: z.enum(['none', 'same', 'changed']),
  before: text.describe('SHA-256 of the value'),
  after: text.describe('SHA-256 of the value'),
  edited: maybe.describe('where the edited letter stands; null on a dry run'),
  replay: z.object({ planId: text, outcome: maybe, inbox: maybe }).nullable().describe('null on a dry run'),
});
