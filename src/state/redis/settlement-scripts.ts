import type {
  CompleteAnswer,
  CompleteRequest,
  DecideAnswer,
  DecideRequest,
  SettledRequest,
  ToldRequest,
} from '../../core/ports/state.ts';
import { lifetimeMs } from '../durations.ts';
import type { BatchScript } from './batch-script.ts';
import type { EventShelves } from './event-shelves.ts';
import { addDoneMark } from './key-records.ts';
import { bytes, number, text, unexpected } from './replies.ts';
import { SCRIPT_PRELUDE } from './script-prelude.ts';

// The same rules as src/state/memory/settlement-rules.ts, in the same order.

const COMPLETE_ANSWERS: readonly CompleteAnswer[] = ['completed', 'already', 'adopted', 'fenced'];

const completeAnswer = (word: unknown): CompleteAnswer =>
  COMPLETE_ANSWERS[number(word)] ?? unexpected('an answer');

/** How the answers of scripts that leave done marks are read. */
export const completeAnswers = {
  answerSize: 1,
  usual: completeAnswer,
  answer: (replies: readonly unknown[], at: number) => completeAnswer(replies[at]),
} as const;

const COMPLETE = `${SCRIPT_PRELUDE}
local COMPLETED, ALREADY, ADOPTED, FENCED = 0, 1, 2, 3

-- A copy on its first hop has no decision behind it: there is no job record to remove, and none is named.
local function complete(name, mark, lifetime, job_name)
  local raw = held[name]
  local running = is_of(raw, 'R', mark)
  if raw and not running then
    if is_of(raw, 'D', mark) then return ALREADY end
    if sub(raw, 1, 1) ~= 'F' then return FENCED end
  end
  put_mark(name, mark, lifetime)
  if job_name ~= '' then call('DEL', job_name) end
  return running and COMPLETED or ADOPTED
end

local answers = {COMPLETED}
for i = 1, #KEYS - 1 do
  tell_unless(COMPLETED, answers, i, complete(KEYS[i + 1], ARGV[3 * i - 2], ARGV[3 * i - 1], ARGV[3 * i]))
end
put_shelf()
return answers
`;

/** Leaves done marks, and their events on a shelf. */
export const completeScript = (shelves: EventShelves): BatchScript<CompleteRequest, CompleteAnswer> => ({
  name: 'complete',
  source: COMPLETE,
  keys: (add, names, request) => add(names.keys, request.idempotencyKey),
  words: (to, request, names, shelf) => {
    addDoneMark(to, request, shelf.put(request.event));
    to.add(`${lifetimeMs(request.doneTtlMs)}`);
    to.add(request.hop > 0 ? names.job(request.jobId) : '');
  },
  ...completeAnswers,
  shelved: (...heard) => shelves.follow(...heard),
});

const TOLD = `${SCRIPT_PRELUDE}
for i = 1, #KEYS - 1 do
  local name, mark = KEYS[i + 1], ARGV[2 * i - 1]
  if is_of(held[name], 'D', mark) and #held[name] > #mark then put(name, mark, ARGV[2 * i]) end
end
return {}
`;

/** Takes done marks off their shelf, one by one: what this process does not follow. */
export const toldScript: BatchScript<ToldRequest, void> = {
  name: 'told',
  source: TOLD,
  answerSize: 0,
  keys: (add, names, request) => add(names.keys, request.idempotencyKey),
  words: (to, request) => {
    addDoneMark(to, request);
    to.add(`${lifetimeMs(request.doneTtlMs)}`);
  },
  answer: () => undefined,
};

const DECIDE = `${SCRIPT_PRELUDE}
local STORED, DECIDED, SUPERSEDED, FENCED = 0, 1, 2, 3

local function decide(key_name, job_name, at)
  local hop, position, fence = tonumber(ARGV[at]), ARGV[at + 1], tonumber(ARGV[at + 2])
  local key = load_key(key_name)
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
    add(names.keys, request.idempotencyKey);
    add(names.jobs, request.jobId);
  },
  words: (to, request) => {
    to.add(String(request.hop));
    to.add(request.position);
    to.add(String(request.fence ?? -1));
    to.add(request.decision);
    to.add(String(lifetimeMs(request.ttlMs)));
    to.add(request.origin);
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
  keys: (add, names, request) => add(names.jobs, request.jobId),
  words: (to, request) => {
    to.add(String(request.hop));
    to.add(request.position);
  },
  answer: () => undefined,
};
