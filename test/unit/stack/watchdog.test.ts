import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from 'vitest';
import { identify, type ProcessIdentity, stillRuns } from '../../../stack/process-identity.ts';
import { startWatchdog } from '../../../stack/watchdog.ts';
import { waitFor } from '../../support/wait.ts';

const started: ProcessIdentity[] = [];

/** A process that ends by itself in a minute, should all else fail. */
const sleeper = (): ProcessIdentity => {
  const child = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
  const identity = identify(child.pid ?? 0);
  if (identity === undefined) throw new Error('sleep does not run');
  started.push(identity);
  return identity;
};

afterEach(() => {
  for (const identity of started.splice(0)) if (stillRuns(identity)) process.kill(identity.pid, 'SIGKILL');
});

describe('the watchdog', () => {
  it('kills what it watches when its parent is killed with SIGKILL, removes the directory, runs the last command', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'esteira-watchdog-'));
    const last = mkdtempSync(join(tmpdir(), 'esteira-last-'));
    const program = `
      import { spawn } from 'node:child_process';
      import { startWatchdog } from ${JSON.stringify(new URL('../../../stack/watchdog.ts', import.meta.url).href)};
      const watchdog = startWatchdog({ removeDir: ${JSON.stringify(dir)}, lastCommand: ['rmdir', ${JSON.stringify(last)}] });
      const child = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
      watchdog.watch(child.pid);
      console.log(child.pid);
    `;
    const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await new Promise<string[]>((resolve) => {
      createInterface(parent.stdout).once('line', (text) => resolve([text]));
    });
    const child = identify(Number(line));
    if (child === undefined) throw new Error('the child does not run');
    started.push(child);

    parent.kill('SIGKILL');

    await waitFor('the child to be killed', () => !stillRuns(child));
    await waitFor('the directory to be removed', () => !existsSync(dir));
    await waitFor('the last command to run', () => !existsSync(last));
  });

  it('kills a frozen process too', async () => {
    const frozen = sleeper();
    process.kill(frozen.pid, 'SIGSTOP');
    const watchdog = startWatchdog({});
    watchdog.watch(frozen.pid);
    await watchdog.release();
    await waitFor('the frozen process to be killed', () => !stillRuns(frozen));
  });

  it('leaves alone what it was told to forget, and only that', async () => {
    const [first, forgotten, third] = [sleeper(), sleeper(), sleeper()];
    const watchdog = startWatchdog({});
    for (const { pid } of [first, forgotten, third]) watchdog.watch(pid);
    watchdog.forget(forgotten.pid);
    watchdog.forget(forgotten.pid); // twice: the list must survive a word about a process it does not know
    await watchdog.release();
    await waitFor('the watched ones to be killed', () => !stillRuns(first) && !stillRuns(third));
    expect(stillRuns(forgotten)).toBe(true);
  });
});
