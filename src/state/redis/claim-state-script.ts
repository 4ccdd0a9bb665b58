import type { ClaimId, ClaimState } from '../../core/ports/state.ts';
import type { BatchScript } from './batch-script.ts';
import { deadReason } from './order-claim-script.ts';
import { number, text } from './replies.ts';
import { SCRIPT_PRELUDE } from './script-prelude.ts';

// The same rules as src/state/memory/claim-state.ts.

const SOURCE = `${SCRIPT_PRELUDE}
local answers = {}
for i = 1, #KEYS - 1 do
  local key = load_key(KEYS[i + 1])
  local at = 9 * i - 9
  local kind = key and key[1] or 'F'
  answers[at + 1], answers[at + 2] = kind, now
  for j = 3, 9 do answers[at + j] = 0 end
  if kind == 'D' then
    answers[at + 3], answers[at + 9] = key[D_FENCE], key[D_ORIGIN]
  elseif kind == 'R' then
    answers[at + 3], answers[at + 4], answers[at + 5] = key[R_FENCE], key[R_UNTIL], key[R_JOB]
    answers[at + 6], answers[at + 7], answers[at + 8] = key[R_ATTEMPT], key[R_STARTS], key[R_DEAD]
    answers[at + 9] = key[R_ORIGIN]
  end
end
return answers
`;

const running = (replies: readonly unknown[], at: number, nowMs: number): ClaimState => {
  const dead = text(replies[at + 7]);
  return {
    kind: 'running',
    nowMs,
    untilMs: number(replies[at + 3]),
    fence: number(replies[at + 2]),
    jobId: text(replies[at + 4]),
    attempt: number(replies[at + 5]),
    starts: number(replies[at + 6]),
    origin: text(replies[at + 8]),
    ...(dead === '' ? {} : { dead: deadReason(dead) }),
  };
};

/** Reads what is known of claims. */
export const claimStateScript: BatchScript<ClaimId, ClaimState> = {
  name: 'inspect',
  source: SOURCE,
  answerSize: 9,
  keys: (add, names, id) => add(names.keys, id.idempotencyKey),
  words: () => undefined,
  answer: (replies, at) => {
    const nowMs = number(replies[at + 1]);
    const kind = text(replies[at]);
    if (kind === 'R') return running(replies, at, nowMs);
    if (kind === 'F') return { kind: 'unknown', nowMs };
    return { kind: 'done', nowMs, fence: number(replies[at + 2]), origin: text(replies[at + 8]) };
  },
};
