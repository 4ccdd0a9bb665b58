import { expect, test } from 'vitest';
import type { Access, AccessRule } from '../../../../src/core/ports/diagnosis.ts';
import { rights } from '../../../../src/runtime/doctor/rights.ts';
import { openShop } from './bench.ts';

const principal = 'User:shop';
const rule = (change: Partial<AccessRule>): AccessRule => ({
  ...{ principal, resource: 'topic', name: 'shop.', match: 'prefixed', operation: 'all', allows: true },
  ...change,
});
const SEES = rule({ resource: 'cluster', name: 'kafka-cluster', match: 'literal', operation: 'describe' });
const GROUPS = rule({ resource: 'group', operation: 'read' });

const about = async (access: Access, who: { principal?: string; production?: boolean } = { principal }) => {
  const { parts, kafka } = await openShop();
  const checks = await rights({ ...parts, ...who, broker: { ...kafka, access: async () => access } });
  return checks.map(({ verdict, name, says }) => `${verdict} ${name}: ${says}`);
};
const rules = (...all: readonly AccessRule[]): Access => ({ kind: 'rules', rules: all });

test('a Kafka that asks nobody is well, and in production a warning', async () => {
  expect((await about({ kind: 'open' }))[0]).toMatch(/^ok rights: Kafka asks nobody/);
  expect((await about({ kind: 'open' }, { production: true }))[0]).toMatch(
    /^warning rights: Kafka asks nobody/,
  );
});

test('rules that may not be seen are unknown, and so is a user that only the broker can name', async () => {
  expect((await about({ kind: 'refused' }))[0]).toMatch(/^unknown rights: these credentials may not see/);
  expect((await about(rules(SEES), {}))[0]).toMatch(/^unknown rights: who these credentials are/);
});

test('rules for all topics and groups of the app are well, by prefix, by name or by star', async () => {
  const well = ['ok rights: User:shop may read and write what it needs'];
  expect(await about(rules(SEES, GROUPS, rule({})))).toEqual(well);
  const read = rule({ name: '*', match: 'literal', operation: 'read' });
  const write = rule({ principal: 'User:*', operation: 'write' });
  expect(await about(rules(SEES, GROUPS, read, write))).toEqual(well);
});

test('what is missing is a problem by kind, with names', async () => {
  const found = await about(rules(SEES, rule({ operation: 'read' })));
  expect(found).toEqual([
    expect.stringMatching(/^problem write topics: may not write \d+ topics: shop.events, /),
    'problem read groups: may not read 2 groups: shop.job.send-receipt, shop.relay.1s',
  ]);
});

test("another user's rules, another kind's and another topic's are none", async () => {
  const others = [
    rule({ principal: 'User:other' }),
    rule({ resource: 'group', operation: 'write' }),
    rule({ name: 'shop', match: 'literal' }),
  ];
  expect(await about(rules(SEES, GROUPS, ...others))).toHaveLength(2);
});

test('one rule that forbids outweighs all that allow', async () => {
  const forbidden = rule({ name: 'shop.events', match: 'literal', operation: 'write', allows: false });
  expect(await about(rules(SEES, GROUPS, rule({}), forbidden))).toEqual([
    'problem write topics: may not write 1 topic: shop.events',
  ]);
});

test('who sees the rules without one that lets him is above them: a warning', async () => {
  expect((await about(rules()))[0]).toMatch(/^warning rights: User:shop sees all rules without one/);
});
