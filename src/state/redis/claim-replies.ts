import type { ClaimAnswer, ClaimRequest } from '../../core/ports/state.ts';
import { bytes, number, text, unexpected } from './replies.ts';

type Counts = Pick<ClaimRequest, 'attempt' | 'starts'>;

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

/** The first claim of a key: its fence and its counts follow from the fence of the batch's first, and from the request. */
export const firstClaim = (
  firstFence: unknown,
  index: number,
  { attempt, starts }: Counts,
): ClaimAnswer & { kind: 'run' } => ({
  kind: 'run',
  fence: number(firstFence) + index,
  attempt,
  starts: starts + 1,
});

/** Reads another answer, of four values, that begins at an index. */
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

/**
 * How both kinds of claims give fences, larger than all before, and answer. `fresh` is the first claim of a key; it is
 * told only where a fence given before it in the batch was larger than its place foresees.
 */
export const CLAIM_ANSWERS = `
local FRESH, RUN = 0, 1
local known_fence = tonumber(held[KEYS[1]] or '0')
local largest = known_fence
local first_fence = max(known_fence + 1, now_us)
local answers = {first_fence}

local function fresh(key_name, n, asked, i)
  local foreseen = first_fence + i - 1
  largest = max(largest + 1, foreseen)
  take_fresh(key_name, n, asked, largest)
  if largest == foreseen then return FRESH end
  return RUN, largest, n.attempt, n.started
end

local function tell(i, kind, a, b, c)
  if kind == FRESH then return end
  local at = #answers
  answers[at + 1], answers[at + 2] = i - 1, kind
  answers[at + 3], answers[at + 4], answers[at + 5] = a or false, b or false, c or false
end

local function remember_fence()
  if largest > known_fence then call('SET', KEYS[1], format('%.0f', largest), 'PX', FENCE_MEMORY) end
end
`;
