import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { withFileLock } from './file-lock.ts';
import type { Progress } from './handle.ts';

const run = promisify(execFile);
const ATTEMPTS = 3;
const ATTEMPT_TIMEOUT_MS = 600_000;
const BETWEEN_ATTEMPTS_MS = 3_000;
const TELL_EVERY_MS = 5_000;
const MARKER = 'complete';

/** The unpacked services on disk. */
export interface MavenCache {
  dir: string;
  kafkaJars: string[];
  registryDir: string;
  redisDir: string;
}

/** Where this `pom.xml` is unpacked to: a changed POM gets a directory of its own. */
export async function cacheDirOf(stackDir: string): Promise<string> {
  const pom = await readFile(join(stackDir, 'pom.xml'));
  return join(stackDir, '.cache', createHash('sha256').update(pom).digest('hex').slice(0, 12));
}

/** Whether the directory was filled to the end. */
export function isComplete(dir: string): boolean {
  return existsSync(join(dir, MARKER));
}

/** Whether Maven is on this machine. */
export function mavenRuns(): Promise<boolean> {
  return run('mvn', ['--version'], { timeout: 20_000 }).then(
    () => true,
    () => false,
  );
}

/** The services, fetched by Maven when this machine has them not yet. Two processes at once fetch once. Three attempts, `pauseMs` (3 s) apart. */
export async function mavenCache(
  stackDir: string,
  tell: Progress,
  pauseMs = BETWEEN_ATTEMPTS_MS,
): Promise<MavenCache> {
  const dir = await cacheDirOf(stackDir);
  if (!isComplete(dir)) {
    await mkdir(join(stackDir, '.cache'), { recursive: true });
    const onWait = () => tell('another process is fetching the services; waiting for it');
    await withFileLock(`${dir}.lock`, onWait, async () => {
      if (!isComplete(dir)) await fill(stackDir, dir, tell, pauseMs);
    });
  }
  return contentOf(dir);
}

async function contentOf(dir: string): Promise<MavenCache> {
  const kafkaDir = join(dir, 'kafka');
  const names = (await readdir(kafkaDir)).filter((name) => name.endsWith('.jar')).sort();
  return {
    dir,
    kafkaJars: names.map((name) => join(kafkaDir, name)),
    registryDir: join(dir, 'registry'),
    redisDir: join(dir, 'redis'),
  };
}

/** Fills a directory aside and renames it, so that a half-filled one is never found under the real name. */
async function fill(stackDir: string, dir: string, tell: Progress, pauseMs: number): Promise<void> {
  const partial = `${dir}.partial`;
  tell('fetching Kafka, the schema registry and Redis by Maven, once (about 200 MB)');
  for (let attempt = 1; ; attempt += 1) {
    await rm(partial, { recursive: true, force: true });
    try {
      await runMaven(stackDir, partial, tell);
      break;
    } catch (error) {
      if (attempt === ATTEMPTS) throw mavenFailure(error);
      tell(`Maven failed (attempt ${attempt} of ${ATTEMPTS}); trying again`);
      await pause(pauseMs);
    }
  }
  const redisDir = join(partial, 'redis');
  for (const name of await readdir(redisDir)) await chmod(join(redisDir, name), 0o755);
  await writeFile(join(partial, MARKER), '');
  await rm(dir, { recursive: true, force: true });
  await rename(partial, dir);
  tell('fetched');
}

async function runMaven(stackDir: string, target: string, tell: Progress): Promise<void> {
  const begun = Date.now();
  const timer = setInterval(() => void tellSize(), TELL_EVERY_MS);
  const tellSize = async () => {
    const seconds = Math.round((Date.now() - begun) / 1_000);
    tell(`still fetching (${seconds} s, ${Math.round((await sizeOf(target)) / 1e6)} MB unpacked)`);
  };
  try {
    const args = ['-B', '-ntp', '-q', '-f', join(stackDir, 'pom.xml'), `-Dcache.dir=${target}`, 'package'];
    await run('mvn', args, { timeout: ATTEMPT_TIMEOUT_MS, maxBuffer: 16 * 1024 * 1024 });
  } finally {
    clearInterval(timer);
  }
}

function mavenFailure(error: unknown): Error {
  const output = error instanceof Error && 'stdout' in error ? String(error.stdout) : String(error);
  const reasons = output.split('\n').filter((line) => line.includes('[ERROR]'));
  return new Error(`Maven failed ${ATTEMPTS} times: ${reasons.slice(0, 3).join(' ') || output.slice(-500)}`, {
    cause: error,
  });
}

async function sizeOf(dir: string): Promise<number> {
  const entries = await readdir(dir, { recursive: true }).catch(() => []);
  const sizes = await Promise.all(entries.map((entry) => stat(join(dir, entry)).catch(() => undefined)));
  return sizes.reduce((sum, each) => sum + (each?.isFile() ? each.size : 0), 0);
}
