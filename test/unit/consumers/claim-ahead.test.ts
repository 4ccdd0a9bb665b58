import { expect, test } from 'vitest';
import { ClaimAhead } from '../../../src/consumers/claim-ahead.ts';

const claimed = (tenant: string, leasedAtMs = 0, priority = 5) => ({
  leasedAtMs,
  delivery: { tenant, priority },
});

const claimsAhead = (weights: Readonly<Record<string, number>> = {}) =>
  new ClaimAhead<ReturnType<typeof claimed>>({ nowMs: () => 0 }, (tenant) => weights[tenant]);

const tenantsInTurn = (ahead: ReturnType<typeof claimsAhead>): string => {
  let tenants = '';
  for (let one = ahead.take(1); one !== undefined; one = ahead.take(1)) tenants += one.delivery.tenant;
  return tenants;
};

// A quiet tenant's claim stood behind all that a flood had claimed ahead: 7 of the 20 ms that such a job waited.
test('what has a claim starts by turns of tenants, whoever claimed first', () => {
  const ahead = claimsAhead();
  for (const tenant of 'aaaabac') ahead.granted(claimed(tenant));
  expect(tenantsInTurn(ahead)).toBe('abcaaaa');
  expect(ahead.take(1)).toBeUndefined();
});

test('a tenant of weight 2 starts two a turn, and what is more urgent starts first', () => {
  const ahead = claimsAhead({ a: 2 });
  for (const tenant of 'aaabb') ahead.granted(claimed(tenant));
  ahead.granted(claimed('c', 0, 1));
  expect(tenantsInTurn(ahead)).toBe('caabab');
});

test('where there are slots for all, they start in the order granted', () => {
  const ahead = claimsAhead();
  const all = ['a', 'a', 'b'].map((tenant) => claimed(tenant));
  for (const one of all) ahead.granted(one);
  expect([ahead.take(3), ahead.take(2), ahead.take(1)]).toEqual(all);
});

test('one that waits no more does not start, unless it is granted again', () => {
  const ahead = claimsAhead();
  const [first, second] = [claimed('a'), claimed('a')];
  ahead.granted(first);
  ahead.granted(second);
  expect([ahead.forget(first), ahead.forget(first)]).toEqual([true, false]);
  expect(ahead.take(1)).toBe(second);
  ahead.granted(first);
  expect([ahead.take(1), ahead.take(1)]).toEqual([first, undefined]);
});

test('those claimed before a time are taken back, or all', () => {
  const ahead = claimsAhead();
  const all = [1, 2, 3].map((leasedAtMs) => claimed('a', leasedAtMs));
  for (const one of all) ahead.granted(one);
  expect(ahead.takeOlder(2)).toEqual(all.slice(0, 2));
  expect(ahead.takeAll()).toEqual(all.slice(2));
  expect(ahead.take(1)).toBeUndefined();
});
