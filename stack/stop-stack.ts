import type { Progress } from './handle.ts';
import { type ProcessIdentity, stillRuns } from './process-identity.ts';
import { forgetStack, RUN_DIR, writtenStack } from './run-file.ts';
import { waitUntil } from './wait-until.ts';

const GRACE_MS = 20_000;

/**
 * Ends the stack that `up` wrote down, and nothing else: a process whose id was given to another since is left alone.
 * Nothing happens when none is written down.
 */
export async function stopStack(tell: Progress, runDir = RUN_DIR): Promise<void> {
  const stack = writtenStack(runDir);
  if (stack === undefined) {
    tell('none is running');
    return;
  }
  await stopSupervisor(stack.supervisor);
  for (const [name, service] of Object.entries(stack.services)) {
    if (!stillRuns(service)) continue;
    tell(`${name} (pid ${service.pid}) outlived its supervisor; killing it`);
    process.kill(service.pid, 'SIGKILL');
  }
  forgetStack(runDir);
  tell('stopped');
}

async function stopSupervisor(supervisor: ProcessIdentity): Promise<void> {
  if (!stillRuns(supervisor)) return;
  process.kill(supervisor.pid, 'SIGTERM');
  const isGone = async () => !stillRuns(supervisor);
  await waitUntil(isGone, 'The supervisor does not end', GRACE_MS).catch(() => {
    if (stillRuns(supervisor)) process.kill(supervisor.pid, 'SIGKILL'); // its watchdog ends the services
  });
  await waitUntil(isGone, 'The supervisor does not end', GRACE_MS);
}
