import type { TakeStartsAnswer, TakeStartsRequest } from '../../core/ports/limits.ts';
import { paceMs, ROUNDING, rateMemoryMs } from '../../core/start-rate.ts';
import type { LimitScript } from './limit-script.ts';
import { number } from './replies.ts';

/** The same sum as `takeStarts` in src/core/start-rate.ts. KEYS: the rate's tokens and when they were counted, ms. */
const TAKE = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + tonumber(time[2]) / 1000
local pace, burst, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local raw = redis.call('GET', KEYS[1])
local tokens, at = burst, now
if raw then
  local state = cmsgpack.unpack(raw)
  tokens, at = state[1], state[2]
end
tokens = math.min(burst, tokens + math.max(0, now - at) / pace)
local granted = math.max(0, math.min(wanted, math.floor(tokens + ${ROUNDING})))
local left = tokens - granted
local wait = 0
if granted < wanted then wait = math.max(1, math.ceil((1 - left - ${ROUNDING} / 2) * pace)) end
redis.call('SET', KEYS[1], cmsgpack.pack({left, now}), 'PX', ARGV[4])
return {granted, math.floor(now) + wait, math.floor(now)}
`;

/** Takes starts under a rate. */
export const takeStartsScript: LimitScript<TakeStartsRequest, TakeStartsAnswer> = {
  name: 'takeStarts',
  source: TAKE,
  words: ({ rate, wanted }) => [
    String(paceMs(rate)),
    String(rate.burst),
    String(wanted),
    String(rateMemoryMs(rate)),
  ],
  answer: ([granted, nextMs, nowMs]) => ({
    granted: number(granted),
    nextMs: number(nextMs),
    nowMs: number(nowMs),
  }),
};
