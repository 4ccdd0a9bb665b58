import type {
  ClaimId,
  CompleteAnswer,
  CompleteRequest,
  DecideAnswer,
  DecideRequest,
  PostponeRequest,
  SettledRequest,
} from '../../core/ports/state.ts';
import { lifetimeMs, wholeMs } from '../durations.ts';
import type { BatchScript } from './batch-script.ts';
import { bytes, number, text, unexpected } from './replies.ts';
import { SCRIPT_PRELUDE } from './script-prelude.ts';

// The same rules as src/state/memory/settlement-rules.ts, in the same order.

const COMPLETE_ANSWERS: readonly CompleteAnswer[] = ['completed', 'already', 'adopted', 'fenced'];

const COMPLETE = `${SCRIPT_PRELUDE}
local COMPLETED, ALREADY, ADOPTED, FENCED = 0, 1, 2, 3

local function complete(key_name, job_name, word, event)
  local fence_text, lifetime, origin = string.match(word, '^(%S+) (%S+) (.*)$')
  local fence = tonumber(fence_text)
  local key = load(key_name)
  if key and key[1] == 'D' then return key[D_FENCE] == fence and ALREADY or FENCED end
  local running = key and key[1] == 'R'
  if running and key[R_FENCE] ~= fence then return FENCED end
  store(key_name, {'D', fence, origin, event}, lifetime)
  remove(job_name)
  return running and COMPLETED or ADOPTED
end

local answers = {}
for i = 1, (#KEYS - 1) / 2 do answers[i] = complete(KEYS[2 * i], KEYS[2 * i + 1], ARGV[2 * i - 1], ARGV[2 * i]) end
return answers
`;

/** Leaves done marks. */
export const completeScript: BatchScript<CompleteRequest, CompleteAnswer> = {
  name: 'complete',
  source: COMPLETE,
  answerSize: 1,
  keys: (add, names, request) => add(names.key(request.idempotencyKey), names.job(request.jobId)),
  words: (add, request) =>
    add(`${request.fence} ${lifetimeMs(request.doneTtlMs)} ${request.origin}`, request.event),
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
  if job and job[J_HOP] > hop then return SUPERSEDED, job[J_ORIGIN] end
  if job and job[J_HOP] == hop and job[J_POSITION] then
    if job[J_POSITION] ~= position or not job[J_DECISION] then return SUPERSEDED, job[J_ORIGIN] end
    return DECIDED, job[J_DECISION]
  end
  if key and key[1] == 'D' then
    if fence == -1 then return SUPERSEDED, key[D_ORIGIN] end
    return FENCED
  end
  if fence ~= -1 and key and key[1] == 'R' and not ours then return FENCED end
  store(job_name, {hop, 0, 0, fence, 0, ARGV[at + 5], position, ARGV[at + 3]}, ARGV[at + 4])
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
  keys: (add, names, request) => add(names.key(request.idempotencyKey), names.job(request.jobId)),
  words: (add, request) =>
    add(
      String(request.hop),
      request.position,
      String(request.fence ?? -1),
      request.decision,
      String(lifetimeMs(request.ttlMs)),
      request.origin,
    ),
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
  words: (add, request) => add(String(request.hop), request.position),
  answer: () => undefined,
};

const POSTPONE = `${SCRIPT_PRELUDE}
local function postpone(key_name, job_name, at)
  local fence = tonumber(ARGV[at])
  local key = load(key_name)
  local job = load(job_name)
  if not holds(key, fence) then
    return job and job[J_FENCE] == fence and not job[J_POSITION] and 1 or 0
  end
  remove(key_name)
  if job and (job[J_HOP] > key[R_HOP] or (job[J_HOP] == key[R_HOP] and job[J_POSITION])) then return 0 end
  local due = now + tonumber(ARGV[at + 2])
  store(job_name, {key[R_HOP], tonumber(ARGV[at + 1]), key[R_STARTS], fence, due, key[R_ORIGIN]}, ARGV[at + 3])
  return 1
end

local answers = {}
for i = 1, (#KEYS - 1) / 2 do answers[i] = postpone(KEYS[2 * i], KEYS[2 * i + 1], 4 * i - 3) end
return answers
`;

/** Gives claims back with the next attempt and its time. */
export const postponeScript: BatchScript<PostponeRequest, 'postponed' | 'lost'> = {
  name: 'postpone',
  source: POSTPONE,
  answerSize: 1,
  keys: (add, names, request) => add(names.key(request.idempotencyKey), names.job(request.jobId)),
  words: (add, request) =>
    add(
      String(request.fence),
      String(request.attempt),
      String(wholeMs(request.delayMs)),
      String(lifetimeMs(request.ttlMs)),
    ),
  answer: (replies, at) => (number(replies[at]) === 1 ? 'postponed' : 'lost'),
};
