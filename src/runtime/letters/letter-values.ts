import { z } from 'zod';
import { signed } from '../control/signature.ts';
import { holdsOffsets, OffsetText } from '../replay/control-values.ts';

/**
 * What an operator did to dead letters, all of them at once: what it names is true from this entry on. `asked`: it waits
 * for a second person, and nothing is done yet.
 */
export const DeedValue = z.object({
  ...signed,
  kind: z.literal('letters.deed'),
  deed: z.enum(['discard', 'restore']),
  state: z.enum(['asked', 'done']),
  /** What was asked for, in words. */
  selection: z.string(),
  total: z.number(),
  /** How many entries hold the positions. */
  chunks: z.number(),
  /** Who asked, where a second person did it. */
  askedBy: z.string().optional(),
});
export type DeedValue = z.infer<typeof DeedValue>;

/** What can be done to dead letters without running them. */
export type LetterDeed = DeedValue['deed'];

/** Some positions of a deed, all of one partition. */
export const DeedPositions = z
  .object({
    v: z.literal(1),
    kind: z.literal('letters.positions'),
    topic: z.string(),
    partition: z.number(),
    count: z.number(),
    /** As positions of a replay's plan. */
    offsets: z.string(),
  })
  .refine(holdsOffsets);
export type DeedPositions = z.infer<typeof DeedPositions>;

/**
 * An edit of one dead letter. Begun: the edited letter may stand on its DLQ, from `end` on. Done: it stands at `at`.
 */
export const EditValue = z.object({
  ...signed,
  kind: z.literal('letters.edit'),
  state: z.enum(['begun', 'done']),
  /** The letter as it was, `topic/partition/offset`. */
  of: z.string(),
  /** Where the partition ended before the edited one was written. */
  end: OffsetText,
  at: z.string().optional(),
  /** SHA-256 of the value before and after, hexadecimal. */
  before: z.string(),
  after: z.string(),
});
export type EditValue = z.infer<typeof EditValue>;

const number4 = (index: number): string => String(index).padStart(4, '0');

/** The only maker of the subjects of dead letters on the control topic. */
export const letterSubjects = {
  all: 'letters/',
  deed: (deedId: string): string => `letters/${deedId}/deed`,
  positions: (deedId: string, chunk: number): string => `letters/${deedId}/positions/${number4(chunk)}`,
  /** One dead letter is edited once: what it became is edited after that. */
  edit: (position: string): string => `letters/edit/${encodeURIComponent(position)}`,
} as const;
