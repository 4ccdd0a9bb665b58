import { execFile } from 'node:child_process';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { RedisProcess } from './handle.ts';
import { redisAnswers } from './readiness.ts';
import { serviceProcess } from './service-process.ts';
import type { Watchdog } from './watchdog.ts';

const run = promisify(execFile);
const READY_TIMEOUT_MS = 20_000;

/** The system's `redis-server`, else the binary that Maven brought for this platform; undefined when there is none. */
export async function redisBinary(redisDir: string | undefined): Promise<string | undefined> {
  const candidates = ['redis-server'];
  if (redisDir !== undefined) {
    const suffix = binarySuffix(process.platform, process.arch);
    const names = (await readdir(redisDir)).filter((name) => name.endsWith(suffix));
    candidates.push(...names.map((name) => join(redisDir, name)));
  }
  for (const candidate of candidates) {
    // Running it is the only proof: a binary can be there and lack a library.
    const runs = await run(candidate, ['--version'], { timeout: 5_000 }).then(
      () => true,
      () => false,
    );
    if (runs) return candidate;
  }
  return undefined;
}

/** How the names of the brought binaries end for a platform, e.g. `-linux-amd64`. */
export function binarySuffix(platform: string, arch: string): string {
  const archName = arch === 'x64' ? 'amd64' : arch === 'ia32' ? '386' : arch;
  return `-${platform}-${archName}`;
}

/** Prepares a Redis server that writes an append-only file, as the product asks of production. */
export async function redisServer(
  binary: string,
  name: string,
  port: number,
  dir: string,
  watchdog: Watchdog,
): Promise<RedisProcess> {
  const dataDir = join(dir, name);
  await mkdir(dataDir, { recursive: true });
  const handle = serviceProcess(
    {
      name,
      port,
      command: binary,
      args: redisArgs(port, dataDir),
      cwd: dataDir,
      logFile: join(dir, `${name}.log`),
      isReady: () => redisAnswers(port),
      readyTimeoutMs: READY_TIMEOUT_MS,
    },
    watchdog,
  );
  const startAgain = handle.start;
  return Object.assign(handle, {
    start: async (options?: { keepData: boolean }) => {
      if (options?.keepData === false && !handle.isAlive()) {
        await rm(dataDir, { recursive: true, force: true });
        await mkdir(dataDir);
      }
      await startAgain();
    },
  });
}

/** The command line: no snapshots, only the append-only file; nothing is ever evicted. */
export function redisArgs(port: number, dataDir: string): string[] {
  const settings = {
    port: String(port),
    bind: '127.0.0.1',
    dir: dataDir,
    save: '',
    appendonly: 'yes',
    appendfsync: 'everysec',
    'maxmemory-policy': 'noeviction',
    loglevel: 'notice',
  };
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
}
