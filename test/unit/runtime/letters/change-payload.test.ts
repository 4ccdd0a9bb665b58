import { describe, expect, test } from 'vitest';
import { changePayload } from '../../../../src/runtime/letters/change-payload.ts';
import { fieldsLost, payloadDifferences } from '../../../../src/runtime/letters/payload-difference.ts';
import { NOTHING_PERSONAL, personalFieldsOf } from '../../../../src/security/personal-fields.ts';

const payload = {
  id: 'p-1',
  amount: 5,
  lines: [
    { sku: 'a', count: 1 },
    { sku: 'b', count: 2 },
  ],
  note: null,
};
const set = (path: string, value: string) => changePayload(payload, { sets: [{ path, value }] });

describe('setting a part of a payload', () => {
  test.each([
    ['id', '42', { id: '42' }],
    ['id', '"quoted"', { id: 'quoted' }],
    ['id', 'null', { id: null }],
    ['amount', '7', { amount: 7 }],
    ['amount', 'seven', { amount: 'seven' }],
    ['note', '{"a": [1]}', { note: { a: [1] } }],
    ['added', 'true', { added: true }],
    [
      'lines[1].count',
      '9',
      {
        lines: [
          { sku: 'a', count: 1 },
          { sku: 'b', count: 9 },
        ],
      },
    ],
  ])('%s=%s', (path, value, change) => {
    expect(set(path, value)).toEqual({ ...payload, ...change });
  });

  test('leaves what was before alone, and shares the rest', () => {
    const bytes = Buffer.from('ab');
    const before = { a: { b: 1 }, bytes };
    const after = changePayload(before, { sets: [{ path: 'a.b', value: '2' }] });
    expect([before.a.b, after]).toEqual([1, { a: { b: 2 }, bytes }]);
    expect(Reflect.get(Object(after), 'bytes')).toBe(bytes);
  });

  test.each([
    ['lines[7].count', 'the list has 2'],
    ['id[0]', 'it is no list'],
    ['nothing.of.this', 'there is no nothing: it has id, amount, lines, note'],
    ['id.length', 'there is no length'],
    ['a..b', 'give a path'],
    ['', 'give a path'],
  ])('refuses %s, which leads nowhere', (path, why) => {
    expect(() => set(path, '1')).toThrow(why);
  });

  test('needs a payload that can be read', () => {
    expect(() => changePayload(undefined, { sets: [{ path: 'a', value: '1' }] })).toThrow('--payload');
    expect(changePayload(undefined, { payload: { a: 1 } })).toEqual({ a: 1 });
  });
});

describe('the difference of two payloads', () => {
  const differ = (before: unknown, after: unknown) => payloadDifferences(before, after, NOTHING_PERSONAL);

  test('names each place with what was and what is', () => {
    expect(differ(payload, set('lines[1].count', '9'))).toEqual([
      { path: 'lines[1].count', before: '2', after: '9' },
    ]);
    expect(differ({ a: 1, b: { c: 1 } }, { b: { c: null, d: [] }, e: 'x' })).toEqual([
      { path: 'a', before: '1', after: null },
      { path: 'b.c', before: '1', after: 'null' },
      { path: 'b.d', before: null, after: '[]' },
      { path: 'e', before: null, after: '"x"' },
    ]);
    expect(differ({ list: [1, 2] }, { list: [1] })).toEqual([{ path: 'list[1]', before: '2', after: null }]);
    expect(differ({ a: [1] }, { a: { 0: 1 } })).toEqual([{ path: 'a', before: '[1]', after: '{"0":1}' }]);
  });

  test('is empty where nothing differs, bytes and empty lists included', () => {
    const one = () => ({ a: [], b: {}, c: Buffer.from('x'), d: [{ e: Number.NaN }] });
    expect(differ(one(), one())).toEqual([]);
    expect(differ({ c: Buffer.from('x') }, { c: Buffer.from('y') })).toHaveLength(1);
  });

  test('of what could not be read is all there is', () => {
    expect(differ(undefined, { a: 1 })).toEqual([{ path: 'a', before: null, after: '1' }]);
  });

  test('shows neither secrets nor what is personal, and says that they differ', () => {
    const schema = { type: 'record', name: 'A', fields: [{ name: 'who', type: 'string', personal: true }] };
    const found = payloadDifferences(
      { who: 'Ana', password: 'hunter2!' },
      { who: 'Bea', password: 'hunter3!' },
      personalFieldsOf({ schema }, 'none'),
    );
    expect(found).toEqual([
      { path: 'who', before: '"[redacted:personal]"', after: '"[redacted:personal]"' },
      { path: 'password', before: '"[redacted:named-secret]"', after: '"[redacted:named-secret]"' },
    ]);
  });
});

test('fields that a schema does not have are found, wherever they stand', () => {
  expect(fieldsLost({ a: 1, b: { c: 1, d: 2 }, e: [{ f: 1 }] }, { a: 1, b: { c: 1 }, e: [{}] })).toEqual([
    'b.d',
    'e[0].f',
  ]);
  expect(fieldsLost({ a: 1 }, { a: 1, filled: 'by a default' })).toEqual([]);
});
