import type { RedisOptions } from 'ioredis';
import { EsteiraError } from '../../core/errors.ts';
import type { Log } from '../../core/ports/log.ts';

/** Where Redis is and how long to wait for it. `url` wins over `host`, `port`, `username` and `password`. */
export interface RedisStateOptions {
  /** `redis://` or, with TLS, `rediss://user:password@host:port/database`. */
  readonly url?: string | undefined;
  /** Default `localhost`. */
  readonly host?: string | undefined;
  /** Default 6379. */
  readonly port?: number | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** The app's name: what apps that share a server are told apart by. */
  readonly namespace: string;
  /** How long one command, or the wait for a connection before it, may take, ms; default 1,000. */
  readonly commandTimeoutMs?: number | undefined;
  /** How long a connection may take to be made, ms; default 2,000. */
  readonly connectTimeoutMs?: number | undefined;
  /** Tags per job type, default 16. Another number makes all state unknown, as if it were lost. */
  readonly buckets?: number | undefined;
}

/** What the store says about its connection. */
export type StateLog = Pick<Log, 'info' | 'warn'>;

/** The address and the credentials, from whichever form they came in. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
  readonly db?: number;
  readonly tls?: object;
}

const DEFAULT_PORT = 6379;
const FIRST_RECONNECT_MS = 50;
const LONGEST_RECONNECT_MS = 2_000;
/** Data that is expected must come within this many command time-outs, else the connection counts as dead. */
const SILENT_TIMEOUTS = 2;

/**
 * Reads the address.
 *
 * @throws EsteiraError ESTEIRA_CONFIG_INVALID when `url` is no Redis URL. The URL is not repeated: it may hold a password.
 */
export const addressOf = (options: RedisStateOptions): RedisAddress => {
  if (options.url !== undefined) return fromUrl(options.url);
  return {
    host: options.host ?? 'localhost',
    port: options.port ?? DEFAULT_PORT,
    ...credentials(options.username, options.password),
  };
};

/**
 * The client's settings, each chosen against a default that hurts (docs/adr/0004):
 *
 * - nothing is queued while there is no connection, and nothing is sent again after one was lost: what timed out here
 *   must not be done a minute later; the caller asks again and the scripts can be repeated;
 * - a silent connection is closed, a lost one is made again for ever;
 * - no check by INFO before the first command: it may be forbidden, and a loading server says so to every command;
 * - RESP2, since replies are plain lists and older servers and proxies do not know HELLO.
 */
export const clientOptions = (address: RedisAddress, options: RedisStateOptions) => {
  const commandTimeoutMs = options.commandTimeoutMs ?? 1_000;
  return {
    ...address,
    connectionName: 'esteira-state',
    disableClientInfo: true,
    lazyConnect: true,
    protocol: 2 as const,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: commandTimeoutMs,
    socketTimeout: commandTimeoutMs * SILENT_TIMEOUTS,
    connectTimeout: options.connectTimeoutMs ?? 2_000,
    enableReadyCheck: false,
    retryStrategy: reconnectDelayMs,
  } satisfies RedisOptions;
};

/** Doubles up to the longest; up to a fifth is left to chance, so that workers do not come back in step. */
const reconnectDelayMs = (times: number): number => {
  const delayMs = Math.min(FIRST_RECONNECT_MS * 2 ** Math.min(times - 1, 10), LONGEST_RECONNECT_MS);
  return Math.round(delayMs * (1 - Math.random() / 5));
};

const fromUrl = (url: string): RedisAddress => {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const database = /^\/?(\d*)$/.exec(parsed?.pathname ?? '');
  if (parsed === undefined || !['redis:', 'rediss:'].includes(parsed.protocol) || database === null) {
    throw noRedisUrl();
  }
  return {
    host: parsed.hostname.replace(/^\[(.*)\]$/, '$1') || 'localhost',
    port: parsed.port === '' ? DEFAULT_PORT : Number(parsed.port),
    ...credentials(decoded(parsed.username), decoded(parsed.password)),
    ...(database[1] ? { db: Number(database[1]) } : {}),
    ...(parsed.protocol === 'rediss:' ? { tls: {} } : {}),
  };
};

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    throw noRedisUrl();
  }
};

const noRedisUrl = (): EsteiraError =>
  new EsteiraError(
    'ESTEIRA_CONFIG_INVALID',
    'The Redis URL is not of the form redis://[user:password@]host[:port][/database]; check REDIS_URL (special ' +
      'characters of the password are written as %40 and so on).',
  );

const credentials = (username: string | undefined, password: string | undefined) => ({
  ...(username ? { username } : {}),
  ...(password ? { password } : {}),
});
