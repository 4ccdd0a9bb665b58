import { describe, expect, it } from 'vitest';
import { isKebabCase, isTopicName, names } from '../../../src/core/names.ts';

it('topics and groups have the names of the wire contract', () => {
  expect([
    names.inbox('shop', 'send-receipt'),
    names.inbox('shop', 'send-receipt', 'high'),
    names.inbox('shop', 'send-receipt', 'low'),
    names.tier('shop', 60_000),
    names.deadLetters('shop', 'send-receipt'),
    names.failures('shop'),
    names.telemetry('shop'),
    names.audit('shop'),
    names.jobGroup('shop', 'send-receipt'),
    names.relayGroup('shop', 86_400_000),
  ]).toEqual([
    'shop.job.send-receipt',
    'shop.job.send-receipt.high',
    'shop.job.send-receipt.low',
    'shop.retry.1m',
    'shop.dlq.send-receipt',
    'shop.failures',
    'shop.telemetry.jobs',
    'shop.audit',
    'shop.job.send-receipt',
    'shop.relay.24h',
  ]);
});

describe('kebab-case', () => {
  it.each(['a', 'send-receipt', 'top3', 'b2b-sync-2', 'a'.repeat(100)])('is %j', (text) => {
    expect(isKebabCase(text)).toBe(true);
  });

  it.each([
    '',
    'Send',
    'send_receipt',
    '-a',
    'a-',
    'a--b',
    '3d',
    'a.b',
    'a b',
    'envío',
    'a\n',
    'a'.repeat(101),
  ])('is not %j', (text) => {
    expect(isKebabCase(text)).toBe(false);
  });
});

it('the longest app and job type names still make topic names that Kafka takes', () => {
  const longest = 'a'.repeat(100);
  expect(isTopicName(names.inbox(longest, longest, 'normal'))).toBe(true);
  expect(isTopicName(names.inbox(longest, longest, 'high'))).toBe(true);
});

it.each(['', '.', '..', 'a b', 'a/b', 'é', 'a'.repeat(250)])('%j is no topic name', (text) => {
  expect(isTopicName(text)).toBe(false);
});
