import type {
  BeginReplayAnswer,
  BeginReplayRequest,
  CancelReplayAnswer,
  CancelReplayRequest,
  PrepareReplayAnswer,
  PrepareReplayRequest,
  SequenceId,
} from '../../core/ports/order-state.ts';
import { lifetimeMs } from '../durations.ts';
import type { AddKey, BatchScript } from './batch-script.ts';
import type { TenantNames } from './key-names.ts';
import { ORDER_PRELUDE } from './order-prelude.ts';
import { number, unexpected } from './replies.ts';

// The same rules as src/state/memory/replay-rules.ts, in the same order; docs/adr/0008 says why they are these.

const keys = (add: AddKey, names: TenantNames, id: SequenceId): void =>
  add(names.sequence(id.partition, id.orderKey));

const PREPARE = `${ORDER_PRELUDE}
local PREPARED, BEGUN, ENDED, TAKEN, NOT_HELD = 0, 1, 2, 3, 4
local function prepare(name, at)
  local n = numbers(ARGV[at])
  local plan, ttl = n[1], n[2]
  local s = open(name)
  if s[S_PLAN] == plan and s[S_STATE] ~= PLAN_PREPARED then
    return s[S_STATE] == PLAN_BEGUN and BEGUN or ENDED, 0
  end
  if s[S_HELD] == 0 then return NOT_HELD, 0 end
  if s[S_PLAN] and s[S_PLAN] ~= plan and s[S_STATE] ~= PLAN_ENDED then return TAKEN, 0 end
  s[S_PLAN], s[S_STATE], s[S_DONE], s[S_COUNT], s[S_BY] = plan, PLAN_PREPARED, 0, 0, ARGV[at + 1]
  changed = true
  save(name, s, ttl)
  return PREPARED, s[S_HELD]
end

local answers = {}
for i = 1, #KEYS - 1 do answers[2 * i - 1], answers[2 * i] = prepare(KEYS[i + 1], 2 * i - 1) end
return answers
`;

const PREPARE_ANSWERS = ['begun', 'ended', 'taken', 'not_held'] as const;

/** Opens plans. */
export const prepareScript: BatchScript<PrepareReplayRequest, PrepareReplayAnswer> = {
  name: 'prepare',
  source: PREPARE,
  answerSize: 2,
  keys,
  words: (to, { plan, by, ttlMs }) => {
    to.add(`${plan} ${lifetimeMs(ttlMs)}`);
    to.add(by);
  },
  answer: (replies, at) => {
    const kind = number(replies[at]);
    if (kind === 0) return { kind: 'prepared', dead: number(replies[at + 1]) };
    return { kind: PREPARE_ANSWERS[kind - 1] ?? unexpected('an answer') };
  },
};

const BEGIN = `${ORDER_PRELUDE}
local STALE, BEGUN, BUSY, GONE = 0, 1, 2, 3
local function begin(name, words)
  local n = numbers(words)
  local plan, count, dead, ttl = n[1], n[2], n[3], n[4]
  local s = open(name)
  if s[S_PLAN] ~= plan then return GONE, 0 end
  if s[S_STATE] ~= PLAN_PREPARED then return s[S_COUNT] > 0 and BEGUN or GONE, 0 end
  if s[S_PARKED] > s[S_PASSED] or s[S_PLACE] then return BUSY, 0 end
  if s[S_HELD] ~= dead then return STALE, s[S_HELD] end
  s[S_STATE], s[S_COUNT] = PLAN_BEGUN, count
  changed = true
  save(name, s, ttl)
  return BEGUN, 0
end

local answers = {}
for i = 1, #KEYS - 1 do answers[2 * i - 1], answers[2 * i] = begin(KEYS[i + 1], ARGV[i]) end
return answers
`;

const BEGIN_ANSWERS = ['begun', 'busy', 'gone'] as const;

/** Lets replays run. */
export const beginScript: BatchScript<BeginReplayRequest, BeginReplayAnswer> = {
  name: 'begin',
  source: BEGIN,
  answerSize: 2,
  keys,
  words: (to, { plan, count, dead, ttlMs }) => to.add(`${plan} ${count} ${dead} ${lifetimeMs(ttlMs)}`),
  answer: (replies, at) => {
    const kind = number(replies[at]);
    if (kind === 0) return { kind: 'stale', dead: number(replies[at + 1]) };
    return { kind: BEGIN_ANSWERS[kind - 1] ?? unexpected('an answer') };
  },
};

const CANCEL = `${ORDER_PRELUDE}
local CANCELLED, BEGUN, GONE = 0, 1, 2
local function cancel(name, words)
  local n = numbers(words)
  local s = open(name)
  if s[S_PLAN] ~= n[1] then return GONE end
  if s[S_STATE] == PLAN_ENDED then return s[S_COUNT] == 0 and CANCELLED or GONE end
  if s[S_STATE] == PLAN_BEGUN then return BEGUN end
  end_plan(s)
  save(name, s, n[2])
  return CANCELLED
end

local answers = {}
for i = 1, #KEYS - 1 do answers[i] = cancel(KEYS[i + 1], ARGV[i]) end
return answers
`;

const CANCEL_ANSWERS: readonly CancelReplayAnswer[] = ['cancelled', 'begun', 'gone'];

/** Ends plans that have not begun. */
export const cancelScript: BatchScript<CancelReplayRequest, CancelReplayAnswer> = {
  name: 'cancel',
  source: CANCEL,
  answerSize: 1,
  keys,
  words: (to, { plan, ttlMs }) => to.add(`${plan} ${lifetimeMs(ttlMs)}`),
  answer: (replies, at) => CANCEL_ANSWERS[number(replies[at])] ?? unexpected('an answer'),
};
