import { describe, expect, test } from 'vitest';
import { type CostOptions, type CostPolicy, costMicrosOf } from '../../../src/core/cost.ts';
import { defineJob } from '../../../src/core/job.ts';
import { plain, unchecked } from './definitions.ts';

const policyOf = (cost: CostOptions): CostPolicy => {
  const job = defineJob(plain({ cost }));
  if (job.cost === undefined) throw new Error(job.problems.join('; '));
  return job.cost;
};

describe('the cost of an attempt', () => {
  test('is that of the attempt, of its seconds, and of what was counted', () => {
    const policy = policyOf({
      ...{ currency: 'BRL', perAttempt: 0.01, perSecond: 0.5 },
      per: { token: 0.000002, request: 0.01 },
    });
    const counted = new Map([
      ['token', 1_500],
      ['request', 2],
    ]);
    expect(costMicrosOf(policy, 2_000, counted)).toBe(10_000 + 1_000_000 + 3_000 + 20_000);
  });

  test('adds prices up before it rounds, so that many small ones are not lost', () => {
    const policy = policyOf({ currency: 'USD', per: { token: 0.0000002 } });
    expect(costMicrosOf(policy, 0, new Map([['token', 1]]))).toBe(0);
    expect(costMicrosOf(policy, 0, new Map([['token', 1_000_000]]))).toBe(200_000);
  });

  test('never becomes larger than what a long on the wire holds exactly', () => {
    const policy = policyOf({ currency: 'USD', per: { token: 1e9 } });
    expect(costMicrosOf(policy, 0, new Map([['token', 2 ** 50]]))).toBe(2 ** 52 - 1);
  });
});

test.each<[string, unknown, RegExp]>([
  ['a currency that is none', { currency: 'reais' }, /cost\.currency is "reais": give its ISO 4217 code/],
  ['an amount below 0', { currency: 'BRL', perAttempt: -1 }, /cost\.perAttempt is -1: give an amount/],
  ['an amount that is no number', { currency: 'BRL', perSecond: Number.NaN }, /cost\.perSecond is NaN/],
  ['a price that is a text', { currency: 'BRL', per: { token: '2' } }, /cost\.per\.token is 2/],
  ['a kind without a name', { currency: 'BRL', per: { '': 1 } }, /cost\.per has a kind ""/],
  ['a list of prices', { currency: 'BRL', per: [1] }, /cost\.per is \[1\]/],
  ['a number', 3, /job send-receipt: cost is 3: give \{ currency/],
  [
    'too many kinds',
    { currency: 'BRL', per: Object.fromEntries(Array.from({ length: 17 }, (_, at) => [`k${at}`, 1])) },
    /cost\.per has 17 kinds: at most 16/,
  ],
])('a job type is not defined with %s as its cost', (_, cost, problem) => {
  expect(defineJob(plain(unchecked({ cost }))).problems.join('; ')).toMatch(problem);
});

test('all that is wrong with a cost is said at once', () => {
  const cost = { currency: 'x', perAttempt: -1, perSecond: -1, per: { token: -1 } };
  expect(defineJob(plain(unchecked({ cost }))).problems).toHaveLength(4);
});
