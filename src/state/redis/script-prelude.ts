import { CLAIM_GRACE_MS } from '../durations.ts';
import { KEY_RECORDS } from './key-records.ts';

/** How long the largest fence of a tag is remembered; needed only while the server's clock may step back, ms. */
const FENCE_MEMORY_MS = 7 * 24 * 3_600_000;

/**
 * What all scripts begin with: keys and words come as two lists in one argument; a shelf of events, where there is
 * one, as two more. KEYS[1] holds the largest fence of the tag; the keys of the requests follow.
 *
 * The record of a key is a text (key-records.ts); `load_key` makes a list of it, in the order of the names below. That
 * of a job that was decided about is a MessagePack list: hop, fence or -1, origin, position, decision (until settled).
 *
 * All keys are read by one MGET, which costs half of single reads; `held` follows what the script writes, so that a
 * later request of the same key sees what an earlier one did.
 */
export const SCRIPT_PRELUDE = `
local EVENTS_ID, EVENTS = ARGV[2], ARGV[3]
local KEYS, ARGV = cmsgpack.unpack(ARGV[1])
local time = redis.call('TIME')
local now_us = tonumber(time[1]) * 1000000 + tonumber(time[2])
local now = math.floor(now_us / 1000)
local GRACE = ${CLAIM_GRACE_MS}
local FENCE_MEMORY = ${FENCE_MEMORY_MS}
local R_FENCE, R_UNTIL, R_RUN, R_JOB, R_HOP, R_STARTS, R_ATTEMPT, R_DEAD, R_ORIGIN = 2, 3, 4, 5, 6, 7, 8, 9, 10
local F_JOB, F_HOP, F_STARTS, F_ORIGIN = 2, 3, 4, 5
local D_FENCE, D_ORIGIN, D_PLACE = 2, 3, 4
local J_HOP, J_FENCE, J_ORIGIN, J_POSITION, J_DECISION = 1, 2, 3, 4, 5
local call, pack, unpack_record, max = redis.call, cmsgpack.pack, cmsgpack.unpack, math.max

local held = {}
local read = call('MGET', unpack(KEYS))
for i = 1, #KEYS do held[KEYS[i]] = read[i] end

local function load(name)
  local raw = held[name]
  if raw then return unpack_record(raw) end
  return nil
end

local function put(name, raw, lifetime)
  held[name] = raw
  call('SET', name, raw, 'PX', lifetime)
end

local function store(name, record, lifetime)
  put(name, pack(record), lifetime)
end

local function replace(name, record)
  local left = call('PTTL', name)
  if left > 0 then store(name, record, left) end
end

local function remove(name)
  if held[name] then call('DEL', name) end
  held[name] = false
end

-- Whether this very copy had decided, and its successor may not be durable yet.
local function answers_again(job, hop, position)
  return hop == job[J_HOP] and position == job[J_POSITION] and job[J_DECISION]
end

-- Only answers that differ from the usual one are told, each behind the number of its request, from 0.
local function tell_unless(usual, answers, i, answer)
  if answer == usual then return end
  local at = #answers
  answers[at + 1], answers[at + 2] = i - 1, answer
end
${KEY_RECORDS}`;
