import { EsteiraError, isEsteiraError } from '../../core/errors.ts';
import type { RedisConnection } from './redis-connection.ts';
import { isReplyError } from './redis-errors.ts';
import type { StateLog } from './redis-options.ts';
import { text } from './replies.ts';

/**
 * Checks that the server is there and keeps what it is given. What the server does not tell (managed services may
 * refuse) is logged as a warning, and so is a server without an append-only file.
 *
 * @throws EsteiraError ESTEIRA_SERVICE_UNREACHABLE, ESTEIRA_STATE_UNSAFE (keys may be evicted).
 */
export const checkServer = async (connection: RedisConnection, log: StateLog): Promise<void> => {
  const { server } = connection;
  const info = await serverInfo(connection);
  const policy = info?.get('maxmemory_policy');
  if (policy === undefined) log.warn('redis_eviction_policy_unknown', { server });
  else if (policy !== 'noeviction') throw mayEvict(server, policy);
  if (info?.get('aof_enabled') === '0') log.warn('redis_without_append_only_file', { server });
};

/** The server's own words about itself; undefined when it refuses to give them. @throws EsteiraError ESTEIRA_SERVICE_UNREACHABLE */
export const serverInfo = async (
  connection: RedisConnection,
): Promise<ReadonlyMap<string, string> | undefined> => {
  try {
    const reply = await connection.use('PING', async (commands) => {
      await commands.call('PING', []);
      return commands.call('INFO', []).catch((error: unknown) => {
        if (isReplyError(error)) return undefined;
        throw error;
      });
    });
    return reply === undefined ? undefined : fieldsOf(text(reply));
  } catch (error) {
    throw isEsteiraError(error, 'ESTEIRA_CLOSED') ? error : unreachable(connection, error);
  }
};

const fieldsOf = (info: string): ReadonlyMap<string, string> => {
  const fields = new Map<string, string>();
  for (const line of info.split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return fields;
};

const mayEvict = (server: string, policy: string): EsteiraError =>
  new EsteiraError(
    'ESTEIRA_STATE_UNSAFE',
    `Redis at ${server} may evict keys (maxmemory-policy ${policy}): an evicted claim or done mark lets a job run ` +
      'twice. Run `redis-cli CONFIG SET maxmemory-policy noeviction` and set it in its configuration, or use a ' +
      'Redis of its own for Esteira.',
    { facts: { server, policy } },
  );

const unreachable = ({ server, problem }: RedisConnection, cause: unknown): EsteiraError => {
  const code = problem() ?? (isEsteiraError(cause) ? cause.facts['code'] : undefined) ?? 'no_answer';
  return new EsteiraError(
    'ESTEIRA_SERVICE_UNREACHABLE',
    `Redis at ${server} cannot be used (${code}). Start it (\`npm run stack\` gives a local one) or correct REDIS_URL.`,
    { facts: { server, code }, cause },
  );
};
