import type { ProcessSaid, ReportStore } from '../../core/ports/process-reports.ts';
import { lifetimeMs } from '../durations.ts';
import { evaluateOn } from './evaluate.ts';
import { namePart } from './key-names.ts';
import type { RedisConnection, RedisWord } from './redis-connection.ts';
import { text } from './replies.ts';

/** KEYS: what is said by process, and until when (ms). */
const REPORT = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local call, SAID, UNTIL = redis.call, KEYS[1], KEYS[2]
local process, said, lifetime = ARGV[1], ARGV[2], tonumber(ARGV[3])
local function text(number) return string.format('%.0f', number) end
-- Processes that have died take nothing back.
for _, silent in ipairs(call('ZRANGEBYSCORE', UNTIL, '-inf', text(now))) do
  call('HDEL', SAID, silent)
  call('ZREM', UNTIL, silent)
end
call('HSET', SAID, process, said)
call('ZADD', UNTIL, text(now + lifetime), process)
for _, name in ipairs(KEYS) do
  if call('PTTL', name) < lifetime then call('PEXPIRE', name, text(lifetime)) end
end
return {}
`;

const WITHDRAW = `
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
return {}
`;

const REPORTS = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local answer = {}
for _, process in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], string.format('(%.0f', now), '+inf')) do
  answer[#answer + 1] = redis.call('HGET', KEYS[1], process)
end
return answer
`;

/** What processes say of themselves, in Redis: `{namespace:processes}:said` and `{namespace:processes}:until`. */
export const redisReports = (connection: RedisConnection, namespace: string): ReportStore => {
  const tag = `{${namePart(namespace)}:processes}`;
  const keys = [`${tag}:said`, `${tag}:until`];
  const call = (name: string, source: string, words: readonly RedisWord[]): Promise<readonly unknown[]> =>
    connection.use(name, (commands) =>
      evaluateOn(commands)(source, [String(keys.length), ...keys, ...words]),
    );
  return {
    report: async ({ process, text: said, lifetimeMs: lifetime }: ProcessSaid) => {
      await call('report', REPORT, [process, said, String(lifetimeMs(lifetime))]);
    },
    withdraw: async (process) => {
      await call('withdraw', WITHDRAW, [process]);
    },
    reports: async () => (await call('reports', REPORTS, [])).map(text),
  };
};
