import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { withFileLock } from '../../../stack/file-lock.ts';
import { identify } from '../../../stack/process-identity.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { latch } from '../../support/wait.ts';

const ignore = () => undefined;

describe('the file lock', () => {
  let dir = '';
  let path = '';
  beforeEach(() => {
    dir = temporaryFolder('lock');
    path = join(dir, 'lock');
  });

  it('lets one in after the other and says once that it waits', async () => {
    const inside = latch();
    const leave = latch();
    const waiting = latch();
    const steps: string[] = [];
    const first = withFileLock(path, ignore, async () => {
      inside.open();
      await leave.opened;
      steps.push('first done');
    });
    await inside.opened;
    let told = 0;
    const onWait = () => {
      told += 1;
      waiting.open();
    };
    const second = withFileLock(path, onWait, async () => void steps.push('second in'));
    await waiting.opened;
    leave.open();
    await Promise.all([first, second]);
    expect(steps).toEqual(['first done', 'second in']);
    expect(told).toBe(1);
  });

  it('is free again after an error, and leaves no file behind', async () => {
    const failing = withFileLock(path, ignore, () => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    expect(readdirSync(dir)).toEqual([]);
  });

  it.each([
    ['a dead process', { pid: 2 ** 30, startedAt: '1' }],
    ['a process whose id belongs to another now', { pid: process.pid, startedAt: 'long ago' }],
  ])('takes over the lock of %s, for one of several that wait', async (_, holder) => {
    writeFileSync(path, JSON.stringify(holder));
    let inside = 0;
    let most = 0;
    const enter = () =>
      withFileLock(path, ignore, async () => {
        inside += 1;
        most = Math.max(most, inside);
        await new Promise(setImmediate);
        inside -= 1;
      });
    await Promise.all([enter(), enter(), enter(), enter()]);
    expect(most).toBe(1);
    expect(existsSync(path)).toBe(false);
  });

  it('is not taken from a process that lives', async () => {
    writeFileSync(path, JSON.stringify(identify(process.pid)));
    const waiting = latch();
    let entered = false;
    const second = withFileLock(path, waiting.open, async () => {
      entered = true;
    });
    await waiting.opened;
    expect(entered).toBe(false);
    rmSync(path);
    await second;
    expect(entered).toBe(true);
  });
});
