import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../../stack/free-ports.ts';
import type { RedisProcess } from '../../stack/handle.ts';
import { mavenCache } from '../../stack/maven-cache.ts';
import { redisBinary, redisServer } from '../../stack/redis.ts';
import { STACK_DIR } from '../../stack/stack-dir.ts';
import { startWatchdog } from '../../stack/watchdog.ts';

/** A Redis server of a test's own, to be killed, frozen and emptied. */
export interface OwnRedis {
  readonly url: string;
  readonly server: RedisProcess;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

/** Starts a Redis server on a free port. */
export const startOwnRedis = async (): Promise<OwnRedis> => {
  const binary =
    (await redisBinary(undefined)) ??
    (await redisBinary((await mavenCache(STACK_DIR, () => undefined)).redisDir));
  if (binary === undefined)
    throw new Error('No Redis server runs here: install `redis-server` and try again');
  const dir = await mkdtemp(join(tmpdir(), 'esteira-redis-'));
  const watchdog = startWatchdog({ removeDir: dir });
  const [port = 0] = await freePorts(1);
  const server = await redisServer(binary, 'redis', port, dir, watchdog);
  await server.start();
  return {
    url: `redis://127.0.0.1:${port}`,
    server,
    stop: async () => {
      await server.kill();
      await watchdog.release();
    },
  };
};
