import { expect, test } from 'vitest';
import { kafkaRelease } from '../../../../src/broker/kafka/kafka-release.ts';

const speaking = (fetch: number) => kafkaRelease({ 1: { minVersion: 4, maxVersion: fetch } });

test('a release is told by the newest fetch request the broker speaks', () => {
  expect([10, 11, 12, 13, 14, 15, 16, 17, 30].map(speaking)).toEqual([
    ...[undefined, '2.3 to 2.6', '2.7 to 3.0', '3.1 to 3.4', '3.1 to 3.4', '3.5 or 3.6', '3.7 or 3.8'],
    ...['3.9 or later', '3.9 or later'],
  ]);
});

test('before anything was spoken nothing is told', () => {
  expect([kafkaRelease(null), kafkaRelease(undefined), kafkaRelease({})]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});
