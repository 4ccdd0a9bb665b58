import {
  type AcquireAnswer,
  type AcquireRequest,
  ASK_AGAIN_MS,
  type RenewSlotsAnswer,
  type RenewSlotsRequest,
  type SlotsId,
  WAITING_MS,
} from '../../core/ports/limits.ts';
import { CLAIM_GRACE_MS, wholeMs } from '../durations.ts';
import type { LimitScript } from './limit-script.ts';
import { number } from './replies.ts';

// The same rules as src/state/memory/limit-slots.ts, in the same order.

/**
 * KEYS: the slots (scores are ends of leases, ms), who waits (since when, µs), who waits (when it asked last, ms).
 * Waiting in two sets: one says whose turn it is, the other who is still there.
 */
const PRELUDE = `
local time = redis.call('TIME')
local now_us = tonumber(time[1]) * 1000000 + tonumber(time[2])
local now = math.floor(now_us / 1000)
local call, SLOTS, WAITING, SEEN = redis.call, KEYS[1], KEYS[2], KEYS[3]
-- Slots of dead holders stay beyond their leases, so that whoever frees them can count them.
local GRACE = ${CLAIM_GRACE_MS}

local function text(number) return string.format('%.0f', number) end

local function live_at_least(name, lifetime)
  if call('PTTL', name) < lifetime then call('PEXPIRE', name, text(lifetime)) end
end

local function forget_silent()
  for _, asker in ipairs(call('ZRANGEBYSCORE', SEEN, '-inf', text(now - ${WAITING_MS}))) do
    call('ZREM', WAITING, asker)
    call('ZREM', SEEN, asker)
  end
end

-- Says whether it had the slot before.
local function extend(holder, until_ms)
  local had = call('ZSCORE', SLOTS, holder)
  if not had or tonumber(had) < until_ms then call('ZADD', SLOTS, text(until_ms), holder) end
  return had
end
`;

const ACQUIRE = `${PRELUDE}
local most, lease, asker = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local freed = call('ZREMRANGEBYSCORE', SLOTS, '-inf', text(now))
forget_silent()
local ahead = call('ZRANK', WAITING, asker) or call('ZCARD', WAITING)
local left = most - call('ZCARD', SLOTS) - ahead
local answer, got, refused = {freed}, false, false
for i = 4, #ARGV do
  local holder = ARGV[i]
  local is_new = not call('ZSCORE', SLOTS, holder)
  if is_new and left <= 0 then
    refused = true
    answer[i + 1] = 0
  else
    if is_new then left = left - 1 end
    extend(holder, now + lease)
    got = true
    answer[i + 1] = 1
  end
end
if got then live_at_least(SLOTS, lease + GRACE) end
if not refused or got then
  call('ZREM', WAITING, asker)
  call('ZREM', SEEN, asker)
end
local retry = now
if refused then
  if not call('ZSCORE', WAITING, asker) then call('ZADD', WAITING, text(now_us), asker) end
  call('ZADD', SEEN, text(now), asker)
  live_at_least(WAITING, ${10 * WAITING_MS})
  live_at_least(SEEN, ${10 * WAITING_MS})
  retry = now + ${ASK_AGAIN_MS}
  local first = call('ZRANGE', SLOTS, 0, 0, 'WITHSCORES')
  if first[2] then retry = math.min(retry, tonumber(first[2])) end
end
answer[2], answer[3], answer[4] = call('ZCARD', SLOTS), retry, now
return answer
`;

/** The holders whose flag, from an index of the replies on, is `flag`. */
const chosen = (
  holders: readonly string[],
  replies: readonly unknown[],
  from: number,
  flag: number,
): readonly string[] => holders.filter((_, index) => number(replies[from + index]) === flag);

/** Gives slots. */
export const acquireScript: LimitScript<AcquireRequest, AcquireAnswer> = {
  name: 'acquire',
  source: ACQUIRE,
  words: ({ most, leaseMs, asker, holders }) => [String(most), String(wholeMs(leaseMs)), asker, ...holders],
  answer: (replies, { holders }) => ({
    freed: number(replies[0]),
    used: number(replies[1]),
    retryAtMs: number(replies[2]),
    nowMs: number(replies[3]),
    granted: chosen(holders, replies, 4, 1),
  }),
};

const RENEW = `${PRELUDE}
local lease = tonumber(ARGV[1])
forget_silent()
local answer = {call('ZCARD', WAITING)}
for i = 2, #ARGV do answer[i] = extend(ARGV[i], now + lease) and 1 or 0 end
if #ARGV > 1 then live_at_least(SLOTS, lease + GRACE) end
return answer
`;

/** Extends leases of slots. */
export const renewSlotsScript: LimitScript<RenewSlotsRequest, RenewSlotsAnswer> = {
  name: 'renewSlots',
  source: RENEW,
  words: ({ leaseMs, holders }) => [String(wholeMs(leaseMs)), ...holders],
  answer: (replies, { holders }) => ({
    waiting: number(replies[0]),
    lost: chosen(holders, replies, 1, 0),
  }),
};

/** Gives slots back. */
export const releaseSlotsScript: LimitScript<SlotsId, void> = {
  name: 'releaseSlots',
  source: `
for i = 1, #ARGV do redis.call('ZREM', KEYS[1], ARGV[i]) end
return {}
`,
  words: ({ holders }) => holders,
  answer: () => undefined,
};
