import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { copyRecord, formatPosition, parsePosition } from '../../../src/core/record.ts';

describe('a position', () => {
  it('is written topic/partition/offset', () => {
    expect(formatPosition({ topic: 'billing.events', partition: 3, offset: 42n })).toBe(
      'billing.events/3/42',
    );
  });

  it('reads back as it was, with offsets beyond the safe integers', () => {
    const topic = fc.stringMatching(/^[a-zA-Z0-9._-]{1,249}$/);
    fc.assert(
      fc.property(topic, fc.nat(), fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), (name, partition, offset) => {
        const position = { topic: name, partition: partition % 1_000_000_000, offset };
        expect(parsePosition(formatPosition(position))).toEqual(position);
      }),
    );
  });

  it.each([
    '',
    'billing.events/3',
    'billing.events/3/42/1',
    'billing/events/3/42',
    'a/-1/2',
    'a/1/x',
    'a/1/2 ',
    '/1/2',
  ])('is not read from %j', (text) => {
    expect(parsePosition(text)).toBeUndefined();
  });
});

it('a copied record holds no view into the fetch it came from', () => {
  const fetched = Buffer.from('keyvalueheader');
  const copy = copyRecord({
    ...{ topic: 't', partition: 0, offset: 1n, timestampMs: 5 },
    key: fetched.subarray(0, 3),
    value: fetched.subarray(3, 8),
    headers: [
      ['a', fetched.subarray(8)],
      ['b', null],
    ],
  });
  fetched.fill(0);
  expect([copy.key, copy.value].map(String)).toEqual(['key', 'value']);
  expect(copy.headers.map(([name, value]) => [name, value?.toString()])).toEqual([
    ['a', 'header'],
    ['b', undefined],
  ]);
  expect(copyRecord({ ...copy, key: null, value: null })).toMatchObject({ key: null, value: null });
});
