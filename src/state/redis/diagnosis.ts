import type { StateDiagnosis } from '../../core/ports/diagnosis.ts';
import { openRedisConnection } from './redis-connection.ts';
import type { RedisStateOptions, StateLog } from './redis-options.ts';
import { list, text } from './replies.ts';
import { serverInfo } from './server-check.ts';

/** The diagnosis port on Redis, with a connection of its own. @throws EsteiraError ESTEIRA_CONFIG_INVALID (the URL) */
export const createRedisDiagnosis = (options: RedisStateOptions, log: StateLog): StateDiagnosis => {
  const connection = openRedisConnection(options, log);
  return {
    facts: () => serverInfo(connection),
    nowMs: () =>
      connection.use('TIME', async (commands) => {
        const [seconds, micros] = list(await commands.call('TIME', [])).map(text);
        return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
      }),
    close: () => connection.close(),
  };
};
