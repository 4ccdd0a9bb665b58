import { expect, test } from 'vitest';
import { DeathWatch } from '../../../../src/consumers/letter-guard/death-watch.ts';

const watchOf = (changes: { ratio?: number; of?: number; run?: number } = {}) => {
  const watch = new DeathWatch({ ratio: 0.5, of: 20, run: 10, ...changes });
  return {
    watch,
    live: (count: number, tenant = 'acme') => {
      for (let one = 0; one < count; one += 1) watch.lived(tenant);
    },
    /** The first alarm of so many deaths, and how many it took. */
    die: (count: number, tenantOf: (one: number) => string = () => 'acme') => {
      for (let one = 0; one < count; one += 1) {
        const alarm = watch.died(tenantOf(one));
        if (alarm !== undefined) return { after: one + 1, ...alarm };
      }
      return undefined;
    },
  };
};

const mixed = (one: number): string => `tenant-${one % 5}`;

test('so many dead ones in a row are too many, and one fewer is not', () => {
  const { die, live } = watchOf();
  expect(die(9, mixed)).toBeUndefined();
  live(1, 'other');
  expect(die(9, mixed)).toBeUndefined();
  expect(die(1, () => 'tenant-4')).toMatchObject({ dead: 10, of: 10, tenant: undefined });
});

test('a share is taken of a whole window only, and must be above the ratio', () => {
  const { watch, live } = watchOf({ run: 20 });
  for (let one = 0; one < 10; one += 1) {
    live(1, 'other');
    expect(watch.died(mixed(one))).toBeUndefined();
  }
  // Ten of twenty is half: one more takes the place of a completed one.
  expect(watch.died('tenant-0')).toEqual({ tenant: undefined, dead: 11, of: 20 });
});

test('dead ones that lie behind the window count no more', () => {
  const { watch, live } = watchOf({ run: 20 });
  for (let round = 0; round < 20; round += 1) {
    expect(watch.died('acme')).toBeUndefined();
    live(2);
  }
});

test('a long time without a death is no debt, and no credit beyond the window', () => {
  const { die, live } = watchOf({ run: 20 });
  live(10_000);
  expect(die(20)).toMatchObject({ after: 11, dead: 11, of: 20 });
});

test('where one tenant has nine of ten dead ones, they are its own affair', () => {
  expect(watchOf().die(10, (one) => (one === 3 ? 'other' : 'acme'))).toMatchObject({ tenant: 'acme' });
  expect(watchOf().die(10, (one) => (one < 2 ? 'other' : 'acme'))).toMatchObject({ tenant: undefined });
});

test('a tenant whose jobs all die is found between others that complete', () => {
  const { watch, live } = watchOf();
  const alarms: unknown[] = [];
  for (let one = 0; one < 10; one += 1) {
    live(9, 'other');
    alarms.push(watch.died('acme'));
  }
  expect(alarms.filter((alarm) => alarm !== undefined)).toEqual([{ tenant: 'acme', dead: 10, of: 10 }]);
});

test('what a suspended tenant has done is not held against the others', () => {
  const { watch, die, live } = watchOf();
  live(5, 'other');
  expect(die(10)).toMatchObject({ tenant: 'acme' });
  expect(die(9, mixed)).toBeUndefined();
  live(1, 'other');
  expect(watch.died('globex')).toBeUndefined();
});

test('after an alarm it counts anew', () => {
  const { die } = watchOf();
  expect(die(10, mixed)).toBeDefined();
  expect(die(9, mixed)).toBeUndefined();
  expect(die(1, mixed)).toBeDefined();
});
