import { stillRuns } from './process-identity.ts';
import { forgetStack, type RunningStack, writtenStack } from './run-file.ts';
import { waitUntil } from './wait-until.ts';

const GRACE_MS = 20_000;

async function down(): Promise<void> {
  const stack = writtenStack();
  if (stack === undefined) {
    console.error('stack: none is running');
    return;
  }
  await stopSupervisor(stack);
  const left = Object.entries(stack.services).filter(([, identity]) => stillRuns(identity));
  for (const [name, { pid }] of left) {
    console.error(`stack: ${name} (pid ${pid}) outlived its supervisor; killing it`);
    process.kill(pid, 'SIGKILL');
  }
  forgetStack();
  console.error('stack: stopped');
}

async function stopSupervisor({ supervisor }: RunningStack): Promise<void> {
  if (!stillRuns(supervisor)) return;
  process.kill(supervisor.pid, 'SIGTERM');
  await waitUntil(async () => !stillRuns(supervisor), 'The supervisor does not end', GRACE_MS).catch(() => {
    if (stillRuns(supervisor)) process.kill(supervisor.pid, 'SIGKILL'); // the watchdog ends its services
  });
  await waitUntil(async () => !stillRuns(supervisor), 'The supervisor does not end', GRACE_MS);
}

down().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
