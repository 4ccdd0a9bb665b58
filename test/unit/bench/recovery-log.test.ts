import { expect, test } from 'vitest';
import { RecoveryLog } from '../../../bench/programs/recovery-log.ts';

const step = (kind: 'started' | 'done', index: number, atMs: number) => ({
  ...{ step: kind, index, key: `key-${index}`, atMs },
});

test('recovery ends when the last job that was in flight runs again', () => {
  const log = new RecoveryLog('victim');
  log.add('victim', step('started', 1, 10));
  log.add('victim', step('done', 1, 20));
  log.add('victim', step('started', 2, 30));
  log.add('victim', step('started', 3, 40));
  log.kill(1_000);
  expect(log.inFlight()).toEqual([2, 3]);
  log.add('other', step('started', 2, 7_000));
  expect(log.recoverySeconds()).toBeUndefined();
  log.add('other', step('started', 3, 9_000));
  expect(log.recoverySeconds()).toBe(8);
  expect(log.takeOverSeconds()).toBe(6);
});

test('effects on top are counted, and do not hide one that is missing', () => {
  const log = new RecoveryLog('victim');
  log.add('victim', step('done', 1, 10));
  log.add('other', step('done', 1, 20));
  expect(log.effects(2)).toEqual({ missing: 1, repeated: 1 });
});
