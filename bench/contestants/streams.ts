import { z } from 'zod';
import type { WorkAsked } from '../generated/work-asked.ts';

/** Work to be published. Its events go to the job types of the app in turn. */
export const Stream = z.object({
  /** The group its waits are counted in. */
  lane: z.string(),
  /** Index of the first piece; streams of a run share no index. */
  from: z.number(),
  count: z.number(),
  /** Tenants in turn; a number makes so many. */
  keys: z.union([z.number(), z.array(z.string()).min(1)]),
  /** 0: as fast as it goes. */
  perSecond: z.number().default(0),
  /** When it starts, ms after the publisher does. */
  startAfterMs: z.number().default(0),
  /** Work of a piece: spread evenly over these, microseconds. */
  workMicros: z.object({ from: z.number(), to: z.number() }).default({ from: 0, to: 0 }),
  /** Pieces that fail their first attempt, per hundred. */
  failPercent: z.number().default(0),
  /** Attempts of all pieces fail until so long after the stream starts, ms. */
  failForMs: z.number().default(0),
});
export type Stream = z.infer<typeof Stream>;
/** A stream as programs write it down. */
export type StreamPlan = z.input<typeof Stream>;

/** Coprime to every range it is taken by, so that neighbours differ and all values come. */
const STRIDE = 7_919;
const NOTE = 'An ordinary payload says a little more than its keys: a name, a line, an amount.';

const keyOf = ({ keys }: Stream, turn: number): string =>
  typeof keys === 'number' ? `tenant-${turn % keys}` : (keys[turn % keys.length] ?? '');

const workOf = ({ workMicros: { from, to } }: Stream, index: number): number =>
  from + ((index * STRIDE) % (to - from + 1));

/** Piece number `number` of a stream, without the time it is sent. `types`: job types that take turns. */
export const pieceOf = (
  stream: Stream,
  number: number,
  run: { readonly ns: string; readonly types: number; readonly streamStartMs: number },
): WorkAsked => {
  const index = stream.from + number;
  return {
    tenantId: keyOf(stream, Math.floor(number / run.types)),
    workId: `${run.ns}-${index}`,
    index,
    lane: stream.lane,
    sentAtMicros: 0,
    workMicros: workOf(stream, index),
    failAttempts: (index * STRIDE) % 100 < stream.failPercent ? 1 : 0,
    failUntilMs: stream.failForMs > 0 ? Math.round(run.streamStartMs + stream.failForMs) : 0,
    note: NOTE,
  };
};
