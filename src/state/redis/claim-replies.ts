import type { ClaimAnswer, ClaimRequest } from '../../core/ports/state.ts';
import { bytes, number, text, unexpected } from './replies.ts';

type Counts = Pick<ClaimRequest, 'attempt' | 'starts'>;
type Fresh = ClaimAnswer & { readonly kind: 'run' };

/** Reads the three values that follow the number of an answer to a claim. */
export type ClaimReader<Answer> = (a: unknown, b: unknown, c: unknown) => Answer;

/** The answers that both kinds of claims have, by their numbers in the scripts. */
export const commonReaders: Readonly<
  Record<1 | 2 | 3, ClaimReader<ClaimAnswer & { kind: 'run' | 'done' | 'running' }>>
> = {
  1: (a, b, c) => ({ kind: 'run', fence: number(a), attempt: number(b), starts: number(c) }),
  2: (a, b, c) => ({
    kind: 'done',
    fence: number(a),
    origin: text(b),
    ...(c === null ? {} : { event: bytes(c) }),
  }),
  3: (a, b) => ({ kind: 'running', untilMs: number(a), nowMs: number(b) }),
};

/** The number of the answer to the first claim of a key: a run whose counts follow from the request. */
const FRESH = 0;

/** Reads the answer of four values that begins at an index. */
export const readClaimAnswer = <Answer>(
  readers: Readonly<Record<number, ClaimReader<Answer>>>,
  replies: readonly unknown[],
  at: number,
  { attempt, starts }: Counts,
): Answer | Fresh => {
  const kind = number(replies[at]);
  if (kind === FRESH) return { kind: 'run', fence: number(replies[at + 1]), attempt, starts: starts + 1 };
  const read = readers[kind];
  return read === undefined
    ? unexpected('an answer')
    : read(replies[at + 1], replies[at + 2], replies[at + 3]);
};
