import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { withFileLock } from './file-lock.ts';
import type { Progress } from './handle.ts';
import { type ServiceSpec, serviceProcess } from './service-process.ts';
import { waitUntil } from './wait-until.ts';
import { startWatchdog } from './watchdog.ts';

const DUMP_TIMEOUT_MS = 120_000;

/**
 * The JVM's flag to load classes from an archive, which halves a start. The archive is made once, by a start of the
 * service that writes it when it ends. Where that fails the service starts without, as well and slower.
 */
export async function archiveFlag(
  archive: string,
  training: (dir: string) => Promise<ServiceSpec>,
  tell: Progress,
): Promise<string[]> {
  const failed = `${archive}.failed`;
  const isDone = () => existsSync(archive) || existsSync(failed);
  if (!isDone()) {
    const onWait = () => tell('another process is preparing a faster start; waiting for it');
    await withFileLock(`${archive}.lock`, onWait, async () => {
      if (isDone()) return;
      tell(`preparing a faster start, once (${basename(archive)})`);
      await train(archive, training).catch(async (error: unknown) => {
        tell('no faster start here; going on without');
        await writeFile(failed, error instanceof Error ? error.message : String(error));
      });
    });
  }
  return existsSync(archive) ? [`-XX:SharedArchiveFile=${archive}`] : [];
}

async function train(archive: string, training: (dir: string) => Promise<ServiceSpec>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'esteira-training-'));
  const watchdog = startWatchdog({ removeDir: dir });
  try {
    const partial = `${archive}.partial`;
    await rm(partial, { force: true });
    const spec = await training(dir);
    const service = serviceProcess(
      { ...spec, args: [`-XX:ArchiveClassesAtExit=${partial}`, ...spec.args] },
      watchdog,
    );
    await service.start();
    process.kill(service.pid, 'SIGTERM'); // the archive is written on the way out
    await waitUntil(async () => !service.isAlive(), 'The archive is not written', DUMP_TIMEOUT_MS);
    await rename(partial, archive);
  } finally {
    await watchdog.release();
  }
}
