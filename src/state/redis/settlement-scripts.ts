import type {
  ClaimId,
  CompleteAnswer,
  CompleteRequest,
  DecideAnswer,
  DecideRequest,
  SettledRequest,
} from '../../core/ports/state.ts';
import { lifetimeMs } from '../durations.ts';
import type { BatchScript } from './batch-script.ts';
import { bytes, number, text, unexpected } from './replies.ts';
import { SCRIPT_PRELUDE } from './script-prelude.ts';

// The same rules as src/state/memory/settlement-rules.ts, in the same order.

const COMPLETE_ANSWERS: readonly CompleteAnswer[] = ['completed', 'already', 'adopted', 'fenced'];

const COMPLETE = `${SCRIPT_PRELUDE}
local COMPLETED, ALREADY, ADOPTED, FENCED = 0, 1, 2, 3

local function complete(key_name, job_name, at)
  local fence, lifetime, origin, event = tonumber(ARGV[at]), ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  local key = load(key_name)
  if key and key[1] == 'D' then return key[D_FENCE] == fence and ALREADY or FENCED end
  local running = key and key[1] == 'R'
  if running and key[R_FENCE] ~= fence then return FENCED end
  store(key_name, {'D', fence, origin, event}, lifetime)
  remove(job_name)
  return running and COMPLETED or ADOPTED
end

local answers = {}
for i = 1, (#KEYS - 1) / 2 do answers[i] = complete(KEYS[2 * i], KEYS[2 * i + 1], 4 * i - 3) end
return answers
`;

/** Leaves done marks. */
export const completeScript: BatchScript<CompleteRequest, CompleteAnswer> = {
  name: 'complete',
  source: COMPLETE,
  answerSize: 1,
  keys: (add, names, request) => {
    add(names.key(request.idempotencyKey));
    add(names.job(request.jobId));
  },
  words: (add, request) => {
    add(`${request.fence}`);
    add(`${lifetimeMs(request.doneTtlMs)}`);
    add(request.origin);
    add(request.event);
  },
  answer: (replies, at) => COMPLETE_ANSWERS[number(replies[at])] ?? unexpected('an answer'),
};

const TOLD = `${SCRIPT_PRELUDE}
for i = 1, #KEYS - 1 do
  local name = KEYS[i + 1]
  local key = load(name)
  if key and key[1] == 'D' and key[D_EVENT] then replace(name, {'D', key[D_FENCE], key[D_ORIGIN]}) end
end
return {}
`;

/** Drops the events from done marks. */
export const toldScript: BatchScript<ClaimId, void> = {
  name: 'told',
  source: TOLD,
  answerSize: 0,
  keys: (add, names, id) => add(names.key(id.idempotencyKey)),
  words: () => undefined,
  answer: () => undefined,
};

const DECIDE = `${SCRIPT_PRELUDE}
local STORED, DECIDED, SUPERSEDED, FENCED = 0, 1, 2, 3

local function decide(key_name, job_name, at)
  local hop, position, fence = tonumber(ARGV[at]), ARGV[at + 1], tonumber(ARGV[at + 2])
  local key = load(key_name)
  local ours = holds(key, fence)
  if ours then remove(key_name) end
  local job = load(job_name)
  if job and hop <= job[J_HOP] then
    if answers_again(job, hop, position) then return DECIDED, job[J_DECISION] end
    return SUPERSEDED, job[J_ORIGIN]
  end
  if key and key[1] == 'D' then
    if fence == -1 then return SUPERSEDED, key[D_ORIGIN] end
    return FENCED
  end
  if fence ~= -1 and key and key[1] == 'R' and not ours then return FENCED end
  store(job_name, {hop, fence, ARGV[at + 5], position, ARGV[at + 3]}, ARGV[at + 4])
  return STORED
end

local answers = {}
for i = 1, (#KEYS - 1) / 2 do
  local kind, detail = decide(KEYS[2 * i], KEYS[2 * i + 1], 6 * i - 5)
  answers[2 * i - 1], answers[2 * i] = kind, detail or false
end
return answers
`;

const decideAnswerOf = (kind: unknown, detail: unknown): DecideAnswer => {
  switch (kind) {
    case 0:
      return { kind: 'stored' };
    case 1:
      return { kind: 'decided', decision: bytes(detail) };
    case 2:
      return { kind: 'superseded', origin: text(detail) };
    case 3:
      return { kind: 'fenced' };
    default:
      return unexpected('an answer');
  }
};

/** Stores decisions and gives the claims back. */
export const decideScript: BatchScript<DecideRequest, DecideAnswer> = {
  name: 'decide',
  source: DECIDE,
  answerSize: 2,
  keys: (add, names, request) => {
    add(names.key(request.idempotencyKey));
    add(names.job(request.jobId));
  },
  words: (add, request) => {
    add(String(request.hop));
    add(request.position);
    add(String(request.fence ?? -1));
    add(request.decision);
    add(String(lifetimeMs(request.ttlMs)));
    add(request.origin);
  },
  answer: (replies, at) => decideAnswerOf(replies[at], replies[at + 1]),
};

const SETTLED = `${SCRIPT_PRELUDE}
for i = 1, #KEYS - 1 do
  local name = KEYS[i + 1]
  local job = load(name)
  if job and job[J_HOP] == tonumber(ARGV[2 * i - 1]) and job[J_POSITION] == ARGV[2 * i] and job[J_DECISION] then
    job[J_DECISION] = nil
    replace(name, job)
  end
end
return {}
`;

/** Marks decisions as durable. */
export const settledScript: BatchScript<SettledRequest, void> = {
  name: 'settled',
  source: SETTLED,
  answerSize: 0,
  keys: (add, names, request) => add(names.job(request.jobId)),
  words: (add, request) => {
    add(String(request.hop));
    add(request.position);
  },
  answer: () => undefined,
};
