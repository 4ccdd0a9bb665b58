import { Redis } from 'ioredis';
import { EsteiraError, isEsteiraError } from '../../core/errors.ts';
import { failureCode, isReplyError, unavailable } from './redis-errors.ts';
import { addressOf, clientOptions, type RedisStateOptions, type StateLog } from './redis-options.ts';

/** One word of a command. */
export type RedisWord = string | Buffer;

/** Commands with replies as numbers, bytes and lists of them. */
export interface RedisCommands {
  /** Rejects with the client's own error. */
  call(command: string, words: readonly RedisWord[]): Promise<unknown>;
}

/** A connection that is always on its way to being there. */
export interface RedisConnection {
  /** `host:port`. */
  readonly server: string;
  /** Why it is not connected, as a code; undefined while it is. */
  problem(): string | undefined;
  /**
   * Does `work` on the connection, waiting for it first as long as a command may take.
   *
   * @throws EsteiraError ESTEIRA_STATE_UNAVAILABLE, ESTEIRA_CLOSED.
   */
  use<T>(call: string, work: (commands: RedisCommands) => Promise<T>): Promise<T>;
  /** Lets what is on its way end, then closes. Safe to call twice. */
  close(): Promise<void>;
}

/** Why there is no connection when nothing has failed yet. */
const CONNECTING = 'not_connected';

/**
 * A connection that is made at its first use and then kept: it comes back by itself, and is logged once when it goes
 * and once when it returns.
 */
export const openRedisConnection = (options: RedisStateOptions, log: StateLog): RedisConnection => {
  const address = addressOf(options);
  const server = `${address.host}:${address.port}`;
  const settings = clientOptions(address, options);
  const client = new Redis({
    ...settings,
    // After a failover the old primary is read-only: another connection leads to the new one.
    reconnectOnError: (error) => isReplyError(error, 'READONLY'),
  });
  // During an outage each waiting call listens; their number is bounded by the engine and their time by the time-out.
  client.setMaxListeners(0);
  const health = watchHealth(client, server, log);
  const commands: RedisCommands = { call: (command, words) => client.callBuffer(command, [...words]) };
  let closing: Promise<void> | undefined;
  return {
    server,
    problem: health.problem,
    use: async (call, work) => {
      if (closing !== undefined) throw closedError();
      try {
        await untilReady(client, settings.commandTimeout, health.problem);
        return await work(commands);
      } catch (error) {
        if (closing !== undefined) throw closedError();
        throw isEsteiraError(error) ? error : unavailable(call, server, error);
      }
    },
    close: () => {
      closing ??= closeClient(client);
      return closing;
    },
  };
};

const closedError = (): EsteiraError =>
  new EsteiraError('ESTEIRA_CLOSED', 'The state store is closed; open a new one.');

/** The client's error event has no other listener: without this one it would write to the console by itself. */
const watchHealth = (client: Redis, server: string, log: StateLog) => {
  let problem: string | undefined = CONNECTING;
  let told = false;
  const failed = (code: string): void => {
    problem = code;
    if (told) return;
    told = true;
    log.warn('redis_unavailable', { server, code });
  };
  client.on('error', (error: unknown) => failed(failureCode(error)));
  client.on('reconnecting', () => failed(problem ?? 'closed'));
  client.on('ready', () => {
    if (told) log.info('redis_available', { server });
    problem = undefined;
    told = false;
  });
  return { problem: () => problem };
};

/** Resolves when commands can be written; rejects when that takes longer than a command may. */
const untilReady = (client: Redis, timeoutMs: number, problem: () => string | undefined): Promise<void> => {
  if (client.status === 'ready') return Promise.resolve();
  // A failure is told by the error event, and the client goes on trying.
  if (client.status === 'wait') client.connect().catch(() => undefined);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      client.off('ready', ready);
      reject(Object.assign(new Error('no connection'), { code: problem() ?? CONNECTING }));
    }, timeoutMs);
    const ready = (): void => {
      clearTimeout(timer);
      resolve();
    };
    client.once('ready', ready);
  });
};

const closeClient = async (client: Redis): Promise<void> => {
  if (client.status !== 'ready') return client.disconnect();
  try {
    await client.quit();
  } catch {
    // It does not answer, or is just going: there is nothing to say goodbye to.
    client.disconnect();
  }
};
