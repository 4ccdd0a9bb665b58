import { randomUUID } from 'node:crypto';
import type { Clock } from '../../src/core/clock.ts';
import { type BatchScript, type Evaluate, runBatch } from '../../src/state/redis/batch-script.ts';
import { evaluateOn } from '../../src/state/redis/evaluate.ts';
import { EventShelves } from '../../src/state/redis/event-shelves.ts';
import { createKeyNames, createTagNames, type TagId } from '../../src/state/redis/key-names.ts';
import { releaseScript, renewScript } from '../../src/state/redis/lease-scripts.ts';
import { redisOrderState } from '../../src/state/redis/order-state.ts';
import {
  openRedisConnection,
  type RedisCommands,
  type RedisConnection,
} from '../../src/state/redis/redis-connection.ts';
import { silently } from '../../src/state/silently.ts';
import { recordingLog } from '../support/recording-log.ts';
import type { SimStore } from './store.ts';

/**
 * Gives a script the time of its history in place of the server's, and notes each write in a journal, with what was
 * there before. Nothing expires in a history: leases and due times stand in the records, and what is written lives for
 * a day at least, or the script is refused. The script behind these lines is that of the store, to the letter.
 */
const IN_HISTORY = `local redis = (function(real, journal, ms)
  local us = math.floor(ms * 1000)
  local known = {MGET = 'read', GET = 'read', SET = 'write', DEL = 'write'}
  return {call = function(command, name, ...)
    if command == 'TIME' then return {tostring(math.floor(us / 1000000)), tostring(us % 1000000)} end
    if not known[command] then return error('a history has no ' .. command) end
    local _, unit, lifetime = ...
    if command == 'SET' and (unit ~= 'PX' or tonumber(lifetime) < 86400000) then
      return error('in a history nothing expires')
    end
    if known[command] == 'write' then
      real.call('RPUSH', journal, cmsgpack.pack(math.floor(us / 1000), name, real.call('GET', name)))
    end
    return real.call(command, name, ...)
  end}
end)(redis, table.remove(ARGV), tonumber(table.remove(ARGV)))
`;

/** Takes writes back, the last first, until one is older; what was there lives on for a day. */
const LOSE = `
local since = tonumber(ARGV[1])
for raw in function() return redis.call('RPOP', KEYS[1]) or nil end do
  local ms, name, before = cmsgpack.unpack(raw)
  if ms < since then
    redis.call('RPUSH', KEYS[1], raw)
    break
  end
  if before then redis.call('SET', name, before, 'EX', 86400) else redis.call('DEL', name) end
end
return {}
`;

/** Changes the text of a script, to see whether that is found. */
export type EditScript = (source: string) => string;

/** A store in Redis for one history. */
export interface RedisHistory {
  readonly open: (clock: Clock) => SimStore;
  /** Removes what the history left. */
  forget(): Promise<void>;
}

/** A Redis server that histories are played on, many at once. */
export interface RedisForHistories {
  history(edit?: EditScript): RedisHistory;
  close(): Promise<void>;
}

const JOB = { jobType: 'job', tenant: 'acme' };

/** Connects to a server. */
export const redisForHistories = (url: string): RedisForHistories => {
  const options = { url, namespace: 'simulation', commandTimeoutMs: 10_000 };
  const connection = openRedisConnection(options, recordingLog());
  return {
    history: (edit = (source) => source) => {
      const namespace = `simulation-${randomUUID()}`;
      const journal = `${createKeyNames(namespace, 1)(JOB).tag}:journal`;
      const lose = (sinceMs: number): Promise<void> =>
        connection.use('lose', async (commands) => {
          await evaluateOn(commands)(LOSE, ['1', journal, `${sinceMs}`]);
        });
      return {
        open: (clock) => ({ ...scriptsOf(connection, namespace, journal, edit, clock), lose }),
        forget: () => lose(0),
      };
    },
    close: () => connection.close(),
  };
};

/** The scripts of the store with their packers and readers, as src/state/redis/redis-state-store.ts puts them together. */
const scriptsOf = (
  connection: RedisConnection,
  namespace: string,
  journal: string,
  edit: EditScript,
  clock: Clock,
): Omit<SimStore, 'lose'> => {
  const namesOf = createKeyNames(namespace, 1);
  const edited = new Map<string, string>();
  const inHistory = (source: string): string => {
    const text = edited.get(source) ?? IN_HISTORY + edit(source);
    edited.set(source, text);
    return text;
  };
  const evaluate =
    (commands: RedisCommands): Evaluate =>
    (source, words) =>
      evaluateOn(commands)(inHistory(source), [...words, `${clock.nowMs()}`, journal]);
  const each =
    <Request extends TagId, Answer>(script: BatchScript<Request, Answer>) =>
    (requests: readonly Request[]): Promise<readonly Answer[]> =>
      connection.use(script.name, (commands) => runBatch(evaluate(commands), namesOf, script, requests));
  return {
    ...redisOrderState({
      ...{ each, namesOf, tagsOf: createTagNames(namespace, 1), shelves: new EventShelves(namesOf) },
      use: (name, task) => connection.use(name, (commands) => task(evaluate(commands))),
    }),
    renew: each(renewScript),
    release: silently(each(releaseScript)),
  };
};
