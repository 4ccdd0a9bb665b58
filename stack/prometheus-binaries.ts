import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { withFileLock } from './file-lock.ts';
import type { Progress } from './handle.ts';
import { Obstacle } from './obstacle.ts';

const run = promisify(execFile);
const VERSION_TIMEOUT_MS = 10_000;
const APT_TIMEOUT_MS = 120_000;
const MARKER = 'complete';

/** Commands of a Prometheus on this machine. */
export interface PrometheusBinaries {
  readonly prometheus: string;
  /** The tool that checks rules and runs their tests. */
  readonly promtool: string;
}

/**
 * The system's Prometheus, else the Debian package's, fetched once into `stackDir/.cache` and unpacked there: nothing is
 * installed and no right is needed. Throws an `Obstacle` that says what was tried.
 */
export async function prometheusBinaries(stackDir: string, tell: Progress): Promise<PrometheusBinaries> {
  const system = { prometheus: 'prometheus', promtool: 'promtool' };
  if (await bothRun(system)) return system;
  const dir = join(stackDir, '.cache', `prometheus-${process.platform}-${process.arch}`);
  if (!isComplete(dir)) {
    await mkdir(join(stackDir, '.cache'), { recursive: true });
    const onWait = () => tell('another process is fetching Prometheus; waiting for it');
    await withFileLock(`${dir}.lock`, onWait, async () => {
      if (!isComplete(dir)) await fill(dir, tell);
    });
  }
  return binariesIn(dir);
}

const isComplete = (dir: string): boolean => existsSync(join(dir, MARKER));

const binariesIn = (dir: string): PrometheusBinaries => ({
  prometheus: join(dir, 'usr/bin/prometheus'),
  promtool: join(dir, 'usr/bin/promtool'),
});

const aptDirIn = (dir: string): string => join(dir, 'apt');

/** Running them is the only proof: a binary can be there and lack a library. */
const bothRun = async ({ prometheus, promtool }: PrometheusBinaries): Promise<boolean> => {
  const asked = [prometheus, promtool].map((command) =>
    run(command, ['--version'], { timeout: VERSION_TIMEOUT_MS }).then(
      () => true,
      () => false,
    ),
  );
  return (await Promise.all(asked)).every(Boolean);
};

/** Fills a directory aside and renames it, so that a half-filled one is never found under the real name. */
async function fill(dir: string, tell: Progress): Promise<void> {
  const partial = `${dir}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  tell('fetching the Debian package of Prometheus, once (about 20 MB)');
  const archive = await downloaded(partial, tell);
  await run('dpkg-deb', ['-x', archive, partial], { timeout: APT_TIMEOUT_MS });
  await Promise.all([archive, aptDirIn(partial)].map((path) => rm(path, { recursive: true, force: true })));
  if (!(await bothRun(binariesIn(partial)))) {
    throw new Obstacle('the Debian package of Prometheus was fetched, but its binaries do not run here');
  }
  await writeFile(join(partial, MARKER), '');
  await rm(dir, { recursive: true, force: true });
  await rename(partial, dir);
  tell('fetched');
}

/** By the package lists of this machine; where it has none, or only old ones, by fresh lists of our own. */
async function downloaded(dir: string, tell: Progress): Promise<string> {
  try {
    return await download(dir, []);
  } catch (first) {
    tell('this machine has no usable package lists; fetching lists aside');
    try {
      const aside = await ownLists(dir);
      await apt(dir, aside, ['update']);
      return await download(dir, aside);
    } catch (second) {
      throw new Obstacle(
        `no Prometheus here, and none by apt: ${lastLine(first)}; with fresh package lists: ${lastLine(second)}. ` +
          'Install `prometheus` (Debian: apt-get install prometheus)',
        { cause: second },
      );
    }
  }
}

async function download(dir: string, options: readonly string[]): Promise<string> {
  await apt(dir, options, ['download', 'prometheus']);
  const archive = (await readdir(dir)).find((name) => name.endsWith('.deb'));
  if (archive === undefined) throw new Obstacle('apt-get download brought no package');
  return join(dir, archive);
}

/** Apt checks the signature of the lists and the checksum of the package, so nothing is pinned here. */
function apt(dir: string, options: readonly string[], command: readonly string[]): Promise<unknown> {
  const patience = ['-o', 'Acquire::Retries=2', '-o', 'Acquire::http::Timeout=20'];
  const args = ['-q', '-o', 'APT::Sandbox::User=root', ...patience, ...options, ...command];
  return run('apt-get', args, { cwd: dir, timeout: APT_TIMEOUT_MS });
}

/** Options that keep package lists below `dir` and leave the machine's alone; they need no right. */
async function ownLists(dir: string): Promise<string[]> {
  const state = aptDirIn(dir);
  await mkdir(join(state, 'lists/partial'), { recursive: true });
  await mkdir(join(state, 'cache/archives/partial'), { recursive: true });
  const options = [
    `Dir::State=${state}`,
    `Dir::State::Lists=${join(state, 'lists')}`,
    'Dir::State::status=/var/lib/dpkg/status',
    `Dir::Cache=${join(state, 'cache')}`,
  ];
  return options.flatMap((option) => ['-o', option]);
}

function lastLine(error: unknown): string {
  const text = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
  const lines = text.split('\n').filter((line) => line.startsWith('E:'));
  return lines.at(-1) ?? (error instanceof Error ? error.message.split('\n')[0] : undefined) ?? String(error);
}
