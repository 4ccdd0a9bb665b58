import { expect, test } from 'vitest';
import { PartitionHome } from '../../../../src/consumers/partition-home.ts';
import { Unread } from '../../../../src/consumers/surplus/unread.ts';
import type { BrokerAdmin } from '../../../../src/core/ports/broker.ts';
import { silentLog } from '../../../../src/core/ports/log.ts';
import { EsteiraError } from '../../../../src/index.ts';
import { manualClock } from '../../../support/manual-clock.ts';
import { waitFor } from '../../../support/wait.ts';

const FLOODING = new Set(['flooding']);
const at = { topic: 'events', partition: 0 };

/** A partition whose records are only said whose they are, and what was read of it. */
const openPartition = (tenants: string[]) => {
  const clock = manualClock();
  const read: number[] = [];
  let fails = false;
  const admin: Pick<BrokerAdmin, 'read' | 'offsetRanges'> = {
    offsetRanges: async () => {
      if (fails) throw new EsteiraError('ESTEIRA_BROKER_UNAVAILABLE', 'made to be away');
      return [{ ...at, low: 0n, high: BigInt(tenants.length) }];
    },
    read: async ({ from, to }, onRecord) => {
      for (let offset = from; offset < to; offset += 1n) {
        read.push(Number(offset));
        const key = Buffer.from(tenants[Number(offset)] ?? '');
        if (!onRecord({ ...at, offset, timestampMs: 0, key, value: null, headers: [] })) return;
      }
    },
  };
  const home = new PartitionHome(at, 0n, 1, { records: 1_000, bytes: 1_000_000 });
  const unread = new Unread({ home, admin, clock, log: silentLog, tenantOf: ({ key }) => String(key) });
  /** Asks, and lets what that has begun come to its end. */
  const ask = async (than: ReadonlySet<string> = FLOODING): Promise<boolean> => {
    unread.hasOthers(than);
    const reads = read.length;
    await waitFor('the look', () => new Promise<true>((resolve) => setImmediate(() => resolve(true))));
    clock.advance(500);
    expect(read.length).toBeGreaterThanOrEqual(reads);
    return unread.hasOthers(than);
  };
  return { ask, read, home, tenants, fail: () => (fails = true) };
};

test('nobody else is there: what came meanwhile is read, and nothing twice', async () => {
  const { ask, read, tenants } = openPartition(['flooding', 'flooding', 'flooding']);
  expect(await ask()).toBe(false);
  expect(read).toEqual([0, 1, 2]);
  tenants.push('flooding', 'flooding');
  expect(await ask()).toBe(false);
  expect(read).toEqual([0, 1, 2, 3, 4]);
});

test('the first record of somebody else is enough, until it has been taken in', async () => {
  const { ask, read, home } = openPartition(['flooding', 'quiet', 'flooding', 'flooding']);
  expect(await ask()).toBe(true);
  expect(read).toEqual([0, 1]);
  for (let offset = 0n; offset < 2n; offset += 1n)
    home.admit({ ...at, offset, timestampMs: 0, key: null, value: null, headers: [] });
  while (home.nextIncoming() !== undefined);
  expect(await ask()).toBe(false);
  expect(read).toEqual([0, 1, 2, 3]);
});

test('where nobody can look it is as if somebody were there', async () => {
  const { ask, fail } = openPartition(['flooding']);
  fail();
  expect(await ask()).toBe(true);
});
