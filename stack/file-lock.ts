import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { identify, type ProcessIdentity, stillRuns } from './process-identity.ts';

const POLL_MS = 200;

/**
 * Runs `work` while holding the lock file, waiting for another holder as long as that process lives. The lock of a
 * dead process, or of one whose id was given to another, is taken over.
 */
export async function withFileLock<T>(path: string, onWait: () => void, work: () => Promise<T>): Promise<T> {
  let told = false;
  while (!(await acquire(path))) {
    if (!told) onWait();
    told = true;
    await pause(POLL_MS);
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

/** A link appears with its whole content or not at all, so nobody ever reads half a lock. */
async function acquire(path: string): Promise<boolean> {
  const own = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  await writeFile(own, JSON.stringify(identify(process.pid)));
  try {
    await link(own, path);
    return true;
  } catch (error) {
    if (!isExisting(error)) throw error;
    await removeWhenStale(path, own);
    return false;
  } finally {
    await rm(own, { force: true });
  }
}

async function removeWhenStale(path: string, own: string): Promise<void> {
  const content = await readFile(path, 'utf8').catch(() => undefined);
  if (content === undefined || holderLives(content)) return;
  const aside = `${own}.stale`;
  const moved = await rename(path, aside).then(
    () => true,
    () => false, // another waiter was first
  );
  if (!moved) return;
  // Between the look and the move another waiter may have taken the lock over: then it gets it back.
  if ((await readFile(aside, 'utf8')) !== content) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

function holderLives(content: string): boolean {
  const holder: unknown = JSON.parse(content);
  return isIdentity(holder) && stillRuns(holder);
}

function isIdentity(value: unknown): value is ProcessIdentity {
  return (
    typeof value === 'object' &&
    value !== null &&
    'pid' in value &&
    typeof value.pid === 'number' &&
    'startedAt' in value &&
    typeof value.startedAt === 'string'
  );
}

function isExisting(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST';
}
