import type {
  DeadRequest,
  FailRequest,
  OrderCompleteRequest,
  ParkAnswer,
  ParkRequest,
} from '../../core/ports/order-state.ts';
import type { CompleteAnswer } from '../../core/ports/state.ts';
import { lifetimeMs, wholeMs } from '../durations.ts';
import type { AddKey, BatchScript } from './batch-script.ts';
import type { EventShelves } from './event-shelves.ts';
import type { TenantNames } from './key-names.ts';
import { addDoneMark } from './key-records.ts';
import { witnessedEnd } from './order-claim-script.ts';
import { ORDER_PRELUDE } from './order-prelude.ts';
import { number, unexpected } from './replies.ts';
import { completeAnswers } from './settlement-scripts.ts';

// The same rules as src/state/memory/order-settlement-rules.ts, in the same order.

/** Adds the three keys of a record: idempotency key, sequence, job. */
const addPlacedKeys = (
  add: AddKey,
  names: TenantNames,
  request: ParkRequest | OrderCompleteRequest | DeadRequest,
): void => {
  add(names.keys, request.idempotencyKey);
  add(names.sequence(request.partition, request.orderKey));
  add(names.jobs, request.jobId);
};

const PARK_ANSWERS: readonly ParkAnswer[] = ['parked', 'ended', 'rebuilding', 'direct'];

const PARK = `${ORDER_PRELUDE}
local PARKED, ENDED, REBUILDING, DIRECT = 0, 1, 2, 3
local next_key = 2
local function park(at)
  local n = numbers(ARGV[at + 1])
  local hop, place, known, parked_end, ttl = n[1], n[2], n[3], n[4], n[5]
  local key_name, sequence_name, job_name = KEYS[next_key], KEYS[next_key + 1], KEYS[next_key + 2]
  next_key = next_key + 3
  if parked_end > 0 then
    local seen = tonumber(held[KEYS[next_key]] or '0')
    next_key = next_key + 1
    if seen < parked_end then return REBUILDING end
  end
  if ended_before(load_key(key_name), job_name, ARGV[at], hop) then return ENDED end
  local s = open(sequence_name)
  promise(s, known)
  if n[6] == 1 and not diverted(s) then return DIRECT end
  divert(s, place)
  save(sequence_name, s, ttl)
  return PARKED
end

local answers = {}
for i = 1, #ARGV / 2 do answers[i] = park(2 * i - 1) end
return answers
`;

/** Promises records to the waiting topic. */
export const parkScript: BatchScript<ParkRequest, ParkAnswer> = {
  name: 'park',
  source: PARK,
  answerSize: 1,
  keys: (add, names, request) => {
    addPlacedKeys(add, names, request);
    if (witnessedEnd(request) > 0) add(names.seen(request.waitingPartition));
  },
  words: (to, request) => {
    const { jobId, hop, place, known = -1 } = request;
    const numbers = `${hop} ${place} ${known} ${witnessedEnd(request)} ${lifetimeMs(request.ttlMs)}`;
    to.add(jobId);
    to.add(`${numbers} ${request.follows === true ? 1 : 0}`);
  },
  answer: (replies, at) => PARK_ANSWERS[number(replies[at])] ?? unexpected('an answer'),
};

const FAIL = `${ORDER_PRELUDE}
local function fail(key_name, sequence_name, at)
  local n = numbers(ARGV[at])
  local place, fence, attempt, delay, lease, ttl = n[1], n[2], n[3], n[4], n[5], n[6]
  local key = load_key(key_name)
  local s = open(sequence_name)
  local head = s[S_PLACE] == place
  if not holds(key, fence) then return head and s[S_FENCE] == fence and 1 or 0 end
  local reason = ARGV[at + 1]
  if reason == '' and head then reason = s[S_DEAD] end
  local due = reason == '' and now + delay or 0
  set_head(s, {place, attempt, key[R_STARTS], fence, due, reason, n[7] == 1 and ARGV[at + 2]})
  save(sequence_name, s, ttl)
  if ARGV[at + 1] == '' then
    remove(key_name)
  else
    key[R_DEAD] = ARGV[at + 1]
    extend(key_name, key, lease)
  end
  return 1
end

local answers = {}
for i = 1, #ARGV / 3 do answers[i] = fail(KEYS[2 * i], KEYS[2 * i + 1], 3 * i - 2) end
return answers
`;

/** Notes failed attempts. */
export const failScript: BatchScript<FailRequest, 'failed' | 'lost'> = {
  name: 'fail',
  source: FAIL,
  answerSize: 1,
  keys: (add, names, request) => {
    add(names.keys, request.idempotencyKey);
    add(names.sequence(request.partition, request.orderKey));
  },
  words: (to, request) => {
    const { place, fence, attempt, note } = request;
    const times = `${wholeMs(request.delayMs)} ${wholeMs(request.leaseMs)} ${lifetimeMs(request.ttlMs)}`;
    to.add(`${place} ${fence} ${attempt} ${times} ${note === undefined ? 0 : 1}`);
    to.add(request.dead ?? '');
    to.add(note ?? '');
  },
  answer: (replies, at) => (number(replies[at]) === 1 ? 'failed' : 'lost'),
};

const COMPLETE = `${ORDER_PRELUDE}
local COMPLETED, ALREADY, ADOPTED, FENCED = 0, 1, 2, 3

local function complete(key_name, sequence_name, job_name, at)
  local mark, raw = ARGV[at], held[key_name]
  local running = is_of(raw, 'R', mark)
  if raw and not running then
    if is_of(raw, 'D', mark) then return ALREADY end
    if sub(raw, 1, 1) ~= 'F' then return FENCED end
  end
  -- A sequence without trouble, completed under its claim, costs nothing more: its details are not even read.
  local waiting = string.byte(ARGV[at + 2]) == 49
  local n = (waiting or not running or held[sequence_name]) and numbers(ARGV[at + 2])
  if not running and ended_before(load_key(key_name), job_name, ARGV[at + 3], n[4]) then return FENCED end
  put_mark(key_name, mark, ARGV[at + 1])
  remove(job_name)
  if n then
    local s = open(sequence_name)
    finish(s, n[2], waiting)
    save(sequence_name, s, n[3])
  end
  return running and COMPLETED or ADOPTED
end

local answers = {COMPLETED}
for i = 1, #ARGV / 4 do
  tell_unless(COMPLETED, answers, i, complete(KEYS[3 * i - 1], KEYS[3 * i], KEYS[3 * i + 1], 4 * i - 3))
end
put_shelf()
return answers
`;

/** Leaves done marks and moves sequences on. */
export const orderCompleteScript = (
  shelves: EventShelves,
): BatchScript<OrderCompleteRequest, CompleteAnswer> => ({
  name: 'order complete',
  source: COMPLETE,
  keys: addPlacedKeys,
  words: (to, request, _names, shelf) => {
    const { event, where, place, hop, jobId } = request;
    const details = `${where === 'direct' ? 0 : 1} ${place} ${lifetimeMs(request.ttlMs)} ${hop}`;
    addDoneMark(to, request, shelf.put(event));
    to.add(`${lifetimeMs(request.doneTtlMs)}`);
    to.add(details);
    to.add(jobId);
  },
  ...completeAnswers,
  shelved: (...heard) => shelves.follow(...heard),
});

const DEAD = `${ORDER_PRELUDE}
local COMPLETED, ALREADY, ADOPTED, FENCED = 0, 1, 2, 3

local function dead(key_name, sequence_name, job_name, at)
  local n = numbers(ARGV[at])
  local fence, hop, place, waiting, hold, ttl, dead_ttl = n[1], n[2], n[3], n[4] == 1, n[5], n[6], n[7]
  local key = load_key(key_name)
  if key and key[1] == 'D' then return FENCED end
  local job = load(job_name)
  if job and job[J_HOP] >= hop then return job[J_FENCE] == fence and ALREADY or FENCED end
  local running = key and key[1] == 'R'
  if running and key[R_FENCE] ~= fence then return FENCED end
  if running then remove(key_name) end
  local origin = ARGV[at + 1]
  store(job_name, {hop, fence, origin, origin}, dead_ttl)
  local s = open(sequence_name)
  finish(s, place, waiting, true)
  -- A replayed one is counted already.
  if hold == 1 and place >= 0 then
    s[S_HELD] = s[S_HELD] + 1
    changed = true
  end
  save(sequence_name, s, ttl)
  return running and COMPLETED or ADOPTED
end

local answers = {COMPLETED}
for i = 1, #ARGV / 2 do
  tell_unless(COMPLETED, answers, i, dead(KEYS[3 * i - 1], KEYS[3 * i], KEYS[3 * i + 1], 2 * i - 1))
end
return answers
`;

/** Leaves dead marks and moves sequences on. */
export const deadScript: BatchScript<DeadRequest, CompleteAnswer> = {
  name: 'dead',
  source: DEAD,
  keys: addPlacedKeys,
  words: (to, request) => {
    const { fence, hop, place, where, hold } = request;
    const flags = `${where === 'direct' ? 0 : 1} ${hold ? 1 : 0}`;
    const lifetimes = `${lifetimeMs(request.ttlMs)} ${lifetimeMs(request.deadTtlMs)}`;
    to.add(`${fence} ${hop} ${place} ${flags} ${lifetimes}`);
    to.add(request.origin);
  },
  ...completeAnswers,
};
