import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { identify } from '../../../stack/process-identity.ts';
import { writtenStack } from '../../../stack/run-file.ts';
import { stopStack } from '../../../stack/stop-stack.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

describe('`npm run stack:down`', () => {
  let dir = '';
  let child: ChildProcess;
  let told: string[] = [];
  const tell = (line: string) => void told.push(line);
  const write = (supervisor: unknown, services: unknown) =>
    writeFileSync(join(dir, 'stack.json'), JSON.stringify({ way: 'java', supervisor, services, env: {} }));
  const own = () => identify(child.pid ?? 0);

  beforeEach(() => {
    dir = temporaryFolder('down');
    told = [];
    child = spawn('sleep', ['60'], { stdio: 'ignore' });
  });
  afterEach(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });

  it('ends the supervisor and forgets the stack', async () => {
    write(own(), {});
    const exit = once(child, 'exit');
    await stopStack(tell, dir);
    expect((await exit)[1]).toBe('SIGTERM');
    expect(writtenStack(dir)).toBeUndefined();
  });

  it('never touches a process that got the id of an old supervisor or service', async () => {
    const reused = { pid: child.pid, startedAt: 'before the last boot' };
    write(reused, { 'kafka-1': reused });
    await stopStack(tell, dir);
    expect(own()).toBeDefined();
    expect(told).toEqual(['stopped']);
  });

  it('kills a service that outlived its supervisor, and says so', async () => {
    write({ pid: 2 ** 30, startedAt: '1' }, { 'redis-1': own() });
    const exit = once(child, 'exit');
    await stopStack(tell, dir);
    expect((await exit)[1]).toBe('SIGKILL');
    expect(told[0]).toContain('redis-1');
  });

  it('says so when there is nothing to stop', async () => {
    await stopStack(tell, dir);
    expect(told).toEqual(['none is running']);
  });
});
