import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { forgetStack, runningStack, writeStack, writtenStack } from '../../../stack/run-file.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const STACK = {
  way: 'java',
  env: { KAFKA_BROKERS: '127.0.0.1:1' },
  pids: { 'kafka-1': process.pid },
} as const;

describe('the record of the running stack', () => {
  let dir = '';
  beforeEach(() => {
    dir = temporaryFolder('run');
  });

  it('gives back what was written while its supervisor runs', () => {
    writeStack(STACK, dir);
    expect(runningStack(dir)).toMatchObject({
      way: 'java',
      env: STACK.env,
      supervisor: { pid: process.pid },
    });
  });

  it('means no running stack when its supervisor id now belongs to another process', () => {
    writeStack(STACK, dir);
    const record = writtenStack(dir);
    const reused = { ...record, supervisor: { pid: process.pid, startedAt: 'long ago' } };
    writeFileSync(join(dir, 'stack.json'), JSON.stringify(reused));
    expect(runningStack(dir)).toBeUndefined();
    expect(writtenStack(dir)).toBeDefined();
  });

  it('leaves out a service that ended before it was written down', () => {
    writeStack({ ...STACK, pids: { gone: 2 ** 30 } }, dir);
    expect(runningStack(dir)?.services).toEqual({});
  });

  it.each(['', '{', '[]', '{"supervisor":{"pid":"1"}}', 'null'])('%j is no record', (text) => {
    writeFileSync(join(dir, 'stack.json'), text);
    expect(writtenStack(dir)).toBeUndefined();
  });

  it('is gone after it was forgotten, also when there was none', () => {
    writeStack(STACK, dir);
    forgetStack(dir);
    forgetStack(dir);
    expect(writtenStack(dir)).toBeUndefined();
  });
});
