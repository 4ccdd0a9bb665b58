import { describe, expect, it } from 'vitest';
import { headerObject, wireHeaders, wireOrder } from '../../../../src/broker/kafka/headers.ts';
import { PackedHeaders } from '../../../../src/core/packed-headers.ts';

const entry = (key: string, value: string | null) => ({
  key,
  value: value === null ? null : Buffer.from(value),
});

describe('headers of a consumed record', () => {
  it('stand in the order of the wire, repeated names and nulls included', () => {
    const decoded = [entry('a', '1'), entry('b', '2'), entry('a', null), entry('7', 'x'), entry('a', '3')];
    const wire = wireHeaders(headerObject(wireOrder(decoded)));
    const texts = (wire instanceof PackedHeaders ? wire.list() : wire).map(
      ([name, value]) => `${name}=${value}`,
    );
    expect(texts).toEqual(['a=1', 'b=2', 'a=null', '7=x', 'a=3']);
  });

  it('are for kafkajs itself the object it would have made: an array for a name that repeats', () => {
    const headers = headerObject(
      wireOrder([entry('a', '1'), entry('b', null), entry('a', '2'), entry('a', '3')]),
    );
    expect(Object.keys(headers)).toEqual(['a', 'b']);
    expect(headers['a']).toEqual([Buffer.from('1'), Buffer.from('2'), Buffer.from('3')]);
    expect(headers['b']).toBeNull();
  });

  it('may be called like something on the prototype of an object, on which kafkajs trips', () => {
    for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
      const headers = headerObject(wireOrder([entry(name, 'x')]));
      expect(wireHeaders(headers)).toEqual([[name, Buffer.from('x')]]);
      expect(Object.hasOwn(headers, name)).toBe(true);
      expect(Object.getOwnPropertyDescriptor(headers, name)?.value).toEqual(Buffer.from('x'));
    }
  });

  it('are read from a plain header object too', () => {
    expect(wireHeaders({ a: Buffer.from('1'), b: [Buffer.from('2'), 'three'] })).toEqual([
      ['a', Buffer.from('1')],
      ['b', Buffer.from('2')],
      ['b', Buffer.from('three')],
    ]);
    expect(wireHeaders(undefined)).toEqual([]);
  });
});
