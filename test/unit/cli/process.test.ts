import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, it } from 'vitest';
import { ROOT } from '../../support/source-files.ts';
import { waitFor } from '../../support/wait.ts';

const LONG_MS = 60_000;
let child: ChildProcess | undefined;
afterEach(() => child?.kill('SIGKILL'));

/** `esteira` in a process of its own, in memory, with what it says on standard error. */
const esteira = (args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
  const started = spawn(process.execPath, ['--import', 'tsx', 'src/cli/main.ts', ...args], {
    cwd: ROOT,
    env: {
      PATH: process.env['PATH'],
      ESTEIRA_APP: 'test/unit/cli/shop/esteira.config.ts',
      LOG_LEVEL: 'silent',
      ...env,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  child = started;
  let told = '';
  started.stderr.on('data', (chunk: Buffer) => {
    told += chunk.toString();
  });
  return { started, told: () => told };
};

// A refused start once left its process alive for ever: it was still listening for signals.
it(
  'a refused start ends its process with 3',
  async () => {
    const { started, told } = esteira(['start'], { NODE_ENV: 'production' });
    await once(started, 'exit');
    expect([started.exitCode, told()]).toEqual([
      3,
      expect.stringContaining('ESTEIRA_MEMORY_BACKEND_IN_PRODUCTION'),
    ]);
  },
  LONG_MS,
);

it.each(['SIGTERM', 'SIGINT'] as const)(
  '%s ends a running app in order, with 0',
  async (signal) => {
    const { started, told } = esteira(['start', '--no-health']);
    await waitFor('the app to run', () => told().includes('is running'), { timeoutMs: LONG_MS });
    started.kill(signal);
    await once(started, 'exit');
    expect([started.exitCode, told()]).toEqual([0, expect.stringContaining('shop is stopping')]);
  },
  LONG_MS,
);
