import { z } from 'zod';
import { signed } from '../control/signature.ts';
import { countOffsets } from './offset-runs.ts';

const counts = z.record(z.string(), z.number());

/** An offset. Anybody with the credentials can write to the topic: what is none must not be taken for one. */
export const OffsetText = z.string().regex(/^\d{1,19}$/);

/** Offsets as `packOffsets` writes them, with how many they are. */
export const holdsOffsets = ({
  offsets,
  count,
}: {
  readonly offsets: string;
  readonly count: number;
}): boolean => countOffsets(offsets) === count;

/** Words as `packResults` writes them; their letters may be those of a newer version. */
const RESULTS = /^(?:[a-zA-Z](?:~[0-9a-f]{1,6}|\d{1,6}\.\d{1,6}\.[0-9a-f]{1,16})?(?: |$))*$/;

/** `[partition, offset]`. */
const offsetPairs = z.array(z.tuple([z.number(), OffsetText]));

/** What the plan of a window says beside: its records are those of an event topic, for one job type. */
export const WindowFacts = z.object({
  /** Whether what was done when the plan was made is run once more. */
  force: z.boolean(),
  /** The state store's time when the plan was made, epoch ms: what was claimed later was not done then. */
  madeAtMs: z.number(),
  /** The time of the oldest record, epoch ms. */
  oldestAtMs: z.number(),
  /** How long the job type remembers what is done, ms. */
  doneTtlMs: z.number(),
  /** Offsets that may have been in the window and that the topic does not hold any more, `to` excluded. */
  missing: z.array(
    z.object({
      partition: z.number(),
      from: OffsetText,
      to: OffsetText,
      /** The time of the first record that is left, epoch ms; null where none is. */
      firstAtMs: z.number().nullable(),
    }),
  ),
});
export type WindowFacts = z.infer<typeof WindowFacts>;

/** A stored plan; its positions stand in entries of their own, written before it. */
export const PlanValue = z.object({
  ...signed,
  /** Another kind for windows, so that who knows only dead letters takes no event for one. */
  kind: z.enum(['replay.plan', 'window.plan']),
  /** What was asked for, in words. */
  selection: z.string(),
  /**
   * The DLQ topics, or the event topic, each with the end of its partitions when the plan was made: nothing from there
   * on is touched.
   */
  topics: z.array(z.object({ topic: z.string(), jobType: z.string(), ends: offsetPairs })),
  total: z.number(),
  chunks: z.number(),
  /** How many by job type, reason, fingerprint, tenant and schema id; of a window only the first. */
  counts: z.object({ jobType: counts, reason: counts, fingerprint: counts, tenant: counts, schema: counts }),
  /** Dead letters that were meant and left out. */
  refused: z.array(z.object({ why: z.string(), count: z.number(), examples: z.array(z.string()) })),
  maxReplays: z.number(),
  approveAbove: z.number(),
  /** Only of a window. */
  window: WindowFacts.optional(),
});
export type PlanValue = z.infer<typeof PlanValue>;

/** Some positions of a plan, all of one partition, as `packOffsets` writes them. */
export const PositionsValue = z
  .object({
    v: z.literal(1),
    kind: z.literal('replay.positions'),
    /** Index of the plan's topic. */
    topic: z.number(),
    partition: z.number(),
    count: z.number(),
    offsets: z.string(),
    /** Whether these are the dead letters of one ordering key that can be held: they go together, in order. */
    together: z.boolean().optional(),
  })
  .refine(holdsOffsets);
export type PositionsValue = z.infer<typeof PositionsValue>;

/** A second person agrees. */
export const ApprovalValue = z.object({ ...signed, kind: z.literal('replay.approval') });
export type ApprovalValue = z.infer<typeof ApprovalValue>;

/** What an operator wants of a run. */
export const WishValue = z.object({
  ...signed,
  kind: z.literal('replay.wish'),
  wish: z.enum(['go', 'pause', 'cancel']),
});
export type WishValue = z.infer<typeof WishValue>;

/** How far the canary is: `none` where there is none. */
export const CANARY_STATES = ['none', 'waiting', 'passed', 'stopped', 'overruled'] as const;
export type CanaryState = (typeof CANARY_STATES)[number];

/** How a run is to go. Rate: records a second, 0 for as fast as it goes. */
export const RunOptionsValue = z.object({
  rate: z.number(),
  canary: z.number(),
  failureRatio: z.number(),
  canaryWaitMs: z.number(),
  /** Whether records that no longer decode are replayed too. */
  undecodable: z.boolean(),
});
export type RunOptionsValue = z.infer<typeof RunOptionsValue>;

/** A run of a plan: written when it begins, at the verdict on its canary, and when it ends. */
export const RunValue = z.object({
  ...signed,
  kind: z.literal('replay.run'),
  state: z.enum(['running', 'paused', 'stopped', 'cancelled', 'finished']),
  runner: z.string(),
  host: z.string(),
  startedAtMs: z.number(),
  options: RunOptionsValue,
  canary: z.enum(CANARY_STATES),
  /** Where the telemetry topic ended when it began. */
  telemetryFrom: offsetPairs,
  /** Why it does not go on. */
  why: z.string().optional(),
});
export type RunValue = z.infer<typeof RunValue>;

/**
 * A part of the ledger. Open: its records may be on their inboxes, beyond these ends. Closed: `results` says what became
 * of each, one word a record.
 */
export const BatchValue = z.object({
  v: z.literal(1),
  kind: z.literal('replay.batch'),
  atMs: z.number(),
  /** Offset of the claim under which it was written. */
  fence: OffsetText,
  chunk: z.number(),
  /** From this position of the chunk up to, without, that one. */
  from: z.number(),
  to: z.number(),
  /** The inbox topics, each with the ends of its partitions before the first record was written. */
  inboxes: z.array(z.object({ topic: z.string(), ends: offsetPairs })),
  /** Whether it is a held key, replayed in order. */
  inOrder: z.boolean().optional(),
  results: z.string().regex(RESULTS).optional(),
});
export type BatchValue = z.infer<typeof BatchValue>;

/** A claim to the replays of one job type, renewed by writing it again. */
export const LockValue = z.object({
  v: z.literal(1),
  kind: z.literal('replay.lock'),
  planId: z.string(),
  runner: z.string(),
  actor: z.string(),
  host: z.string(),
  /** Offset of the first writing of this claim; absent on the first. */
  since: OffsetText.optional(),
  leaseMs: z.number(),
  /** Runners that had not renewed theirs, and have lost it by this claim. */
  over: z.array(z.string()),
});
export type LockValue = z.infer<typeof LockValue>;

const number4 = (index: number): string => String(index).padStart(4, '0');

/** The only maker of the subjects of replays on the control topic. */
export const subjects = {
  all: 'replay/',
  plan: (planId: string): string => `replay/${planId}/plan`,
  of: (planId: string): string => `replay/${planId}/`,
  positions: (planId: string, chunk: number): string => `replay/${planId}/positions/${number4(chunk)}`,
  approval: (planId: string): string => `replay/${planId}/approval`,
  wish: (planId: string): string => `replay/${planId}/wish`,
  run: (planId: string): string => `replay/${planId}/run`,
  batch: (planId: string, index: number): string => `replay/${planId}/batch/${number4(index)}`,
  locks: (topic: string): string => `replay-lock/${topic}/`,
  lock: (topic: string, runner: string): string => `replay-lock/${topic}/${runner}`,
} as const;
