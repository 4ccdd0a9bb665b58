import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { exportLines, parseUp, USAGE } from './command-line.ts';
import { withFileLock } from './file-lock.ts';
import { stillRuns } from './process-identity.ts';
import { RUN_DIR, runningStack } from './run-file.ts';
import { STACK_DIR } from './stack-dir.ts';
import { type SupervisorWord, supervise } from './supervisor.ts';

const tell = (line: string) => void console.error(`stack: ${line}`);

async function up(args: readonly string[]): Promise<void> {
  const { foreground } = parseUp(args);
  mkdirSync(RUN_DIR, { recursive: true });
  const onWait = () => tell('another `npm run stack` is starting; waiting for it');
  if (foreground) return stayInForeground(args);
  await withFileLock(join(RUN_DIR, 'lock'), onWait, async () => {
    if (runningStack() === undefined) await startInBackground(args);
    else tell('already running');
  });
  printRunning();
}

function printRunning(): void {
  const stack = runningStack();
  if (stack === undefined)
    throw new Error('The stack ended right after its start; see stack/.run/supervisor.log');
  console.log(exportLines(stack.env));
  for (const [name, service] of Object.entries(stack.services)) {
    if (!stillRuns(service)) tell(`${name} has died since; \`npm run stack:down\` and start anew`);
  }
  tell('stop it with `npm run stack:down`');
}

async function stayInForeground(args: readonly string[]): Promise<void> {
  if (runningStack() !== undefined) throw new Error('A stack is running already: `npm run stack:down` first');
  await supervise(args, (word) => {
    if (word.kind === 'progress') tell(word.line);
    if (word.kind === 'ready') {
      printRunning();
      tell('running; Ctrl-C stops it');
    }
  });
}

/** Starts the supervisor and waits for its word; it lives on when this process ends. */
function startInBackground(args: readonly string[]): Promise<void> {
  const log = openSync(join(RUN_DIR, 'supervisor.log'), 'w');
  const supervisor = spawn(
    process.execPath,
    [...process.execArgv, join(STACK_DIR, 'supervisor-main.ts'), ...args],
    {
      detached: true,
      stdio: ['ignore', log, log, 'ipc'],
    },
  );
  closeSync(log);
  return new Promise((resolve, reject) => {
    supervisor.on('message', (word: SupervisorWord) => {
      if (word.kind === 'progress') tell(word.line);
      if (word.kind === 'failed') reject(new Error(word.reason));
      if (word.kind !== 'ready') return;
      supervisor.disconnect();
      supervisor.unref();
      resolve();
    });
    supervisor.once('error', reject);
    supervisor.once('exit', () =>
      reject(new Error('The stack did not start; see stack/.run/supervisor.log')),
    );
  });
}

up(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  if (error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'))
    console.error(USAGE);
  process.exitCode = 1;
});
