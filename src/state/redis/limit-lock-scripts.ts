import type { LockAnswer, LockOwner, LockRequest } from '../../core/ports/limits.ts';
import { lifetimeMs } from '../durations.ts';
import type { LimitScript } from './limit-script.ts';
import { number } from './replies.ts';

// The same rules as src/state/memory/limit-state.ts.

const LOCK = `
local owner = redis.call('GET', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if owner and owner ~= ARGV[1] then
  local time = redis.call('TIME')
  local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
  return {0, now + left, now}
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', string.format('%.0f', math.max(tonumber(ARGV[2]), left)))
return {1}
`;

const words = ({ owner, ttlMs }: LockRequest): readonly string[] => [owner, String(lifetimeMs(ttlMs))];

/** Takes a lock, or extends one's own. */
export const lockScript: LimitScript<LockRequest, LockAnswer> = {
  name: 'lock',
  source: LOCK,
  words,
  answer: ([locked, untilMs, nowMs]) =>
    number(locked) === 1
      ? { kind: 'locked' }
      : { kind: 'held', untilMs: number(untilMs), nowMs: number(nowMs) },
};

/** Extends a lock. */
export const renewLockScript: LimitScript<LockRequest, 'renewed' | 'gone'> = {
  name: 'renewLocks',
  source: LOCK,
  words,
  answer: ([locked]) => (number(locked) === 1 ? 'renewed' : 'gone'),
};

/** Gives a lock back. */
export const unlockScript: LimitScript<LockOwner, void> = {
  name: 'unlock',
  source: `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return {}
`,
  words: ({ owner }) => [owner],
  answer: () => undefined,
};
