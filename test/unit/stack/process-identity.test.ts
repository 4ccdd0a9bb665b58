import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { identify, stillRuns } from '../../../stack/process-identity.ts';

describe('the identity of a process', () => {
  it('is known while it runs, and ends with it', async () => {
    const child = spawn('sleep', ['30']);
    const identity = identify(child.pid ?? 0);
    if (identity === undefined) throw new Error('a running process has an identity');
    expect(stillRuns(identity)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(stillRuns(identity)).toBe(false);
  });

  it('differs from that of a later process with the same id', () => {
    const own = identify(process.pid);
    if (own === undefined) throw new Error('this process has an identity');
    expect(stillRuns({ pid: own.pid, startedAt: `${own.startedAt}1` })).toBe(false);
  });

  it.each([0, -1, 1.5, Number.NaN])('%d is no process: it must never be given to kill', (pid) => {
    expect(identify(pid)).toBeUndefined();
  });
});
