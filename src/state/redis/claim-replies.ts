import type { ClaimAnswer } from '../../core/ports/state.ts';
import { bytes, number, text, unexpected } from './replies.ts';

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

/** Reads the answer of four values that begins at an index. */
export const readClaimAnswer = <Answer>(
  readers: Readonly<Record<number, ClaimReader<Answer>>>,
  replies: readonly unknown[],
  at: number,
): Answer => {
  const read = readers[number(replies[at])];
  return read === undefined
    ? unexpected('an answer')
    : read(replies[at + 1], replies[at + 2], replies[at + 3]);
};
