import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
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

it.each([
  ['SIGTERM', 'SIGINT'],
  ['SIGINT', 'SIGTERM'],
] as const)(
  'a second signal (%s, then %s) ends an app that is stopping at once, with 1',
  async (first, second) => {
    const { started, told } = esteira(['start', '--no-health'], {
      ESTEIRA_APP: 'test/unit/cli/slow-to-stop/esteira.config.ts',
    });
    await waitFor('the app to run', () => told().includes('is running'), { timeoutMs: LONG_MS });
    started.kill(first);
    await waitFor('it to be stopping', () => told().includes('slow is stopping'), { timeoutMs: LONG_MS });
    const askedAt = Date.now();
    started.kill(second);
    await once(started, 'exit');
    expect([started.exitCode, started.signalCode]).toEqual([1, null]);
    // Its stop by itself takes the five seconds of the step that never ends.
    expect(Date.now() - askedAt).toBeLessThan(2_500);
  },
  LONG_MS,
);

/** A command line of bash, in which `esteira` is this one; what it says, and how each part of its pipe ended. */
const piped = async (
  line: string,
): Promise<{ readonly out: string; readonly err: string; readonly codes: string }> => {
  const script = `esteira() { "${process.execPath}" --import tsx src/cli/main.ts "$@"; }; ${line}; echo "\${PIPESTATUS[*]}" >&2`;
  const ran = await promisify(execFile)('bash', ['--norc', '-c', script], {
    ...{ cwd: ROOT, timeout: LONG_MS },
    env: { PATH: process.env['PATH'], ESTEIRA_APP: 'test/unit/cli/shop/esteira.config.ts' },
  });
  const lines = ran.stderr.trimEnd().split('\n');
  return { out: ran.stdout, err: lines.slice(0, -1).join('\n'), codes: lines.at(-1) ?? '' };
};

// `esteira … | head` died of an unhandled EPIPE, with a stack.
it(
  'a reader that goes away early ends a look in order, with 0 and without a word',
  async () => {
    // `true` is gone long before there is anything to write.
    const ended = await piped('esteira help topics plan | true');
    expect([ended.err, ended.codes]).toEqual(['', '0 0']);
  },
  LONG_MS,
);

it(
  'what is piped is whole and has no colours, unless they are forced',
  async () => {
    const plain = await piped('esteira help topics plan | cat');
    expect(plain.out).not.toContain('\u001B');
    const coloured = await piped('FORCE_COLOR=1 esteira help topics plan | cat');
    expect(coloured.out).toContain('\u001B[1mNAME');
  },
  LONG_MS,
);
