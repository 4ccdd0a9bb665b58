import { describe, expect, test } from 'vitest';
import { LEFT_OUT, plainLine } from '../../../src/core/log-facts.ts';

const factsOf = (given: unknown) => plainLine('said', given);

describe('a line of a handler keeps', () => {
  test('texts, numbers, booleans, big integers, times, and lists of those', () => {
    const at = new Date(0);
    expect(factsOf({ text: 'a', count: 2, ok: true, big: 7n, at, names: ['a', 1, null] })).toEqual({
      message: 'said',
      facts: {
        ...{ text: 'a', count: 2, ok: true, big: '7' },
        ...{ at: '1970-01-01T00:00:00.000Z', names: ['a', '1'] },
      },
      leftOut: [],
    });
  });

  test('of an error its name, its message, and where it was thrown', () => {
    const { facts, leftOut } = factsOf({ error: new TypeError('no such\nthing') });
    expect(facts['error']).toBe('TypeError: no such\nthing');
    expect(facts['error_stack']).toMatch(/^at .*log-facts\.test/);
    expect(facts['error_stack']).not.toContain('no such');
    expect(leftOut).toEqual([]);
    expect(factsOf(new RangeError('bare')).facts['error']).toBe('RangeError: bare');
  });
});

describe('a line of a handler leaves out, and says so', () => {
  class Payload {
    readonly name = 'planted';
    toString(): string {
      return 'planted';
    }
    toJSON(): string {
      return 'planted';
    }
  }

  test.each([
    ['an object', { payload: { name: 'planted' } }],
    ['an object of a class with a text of its own', { payload: new Payload() }],
    ['a list of objects', { payload: [{ name: 'planted' }] }],
    ['a list of lists of objects', { payload: [['a', { name: 'planted' }]] }],
    ['bytes', { payload: Buffer.from('planted') }],
    ['a map', { payload: new Map([['name', 'planted']]) }],
    ['a function', { payload: () => 'planted' }],
    ['JSON of an object', { payload: JSON.stringify({ name: 'planted' }) }],
    ['JSON of a list of objects, on many lines', { payload: JSON.stringify([{ name: 'planted' }], null, 2) }],
    ['JSON behind words', { payload: `got ${JSON.stringify({ deep: { name: 'planted' } })}` }],
    ['an error whose message is JSON', { payload: new Error(JSON.stringify({ name: 'planted' })) }],
  ])('%s', (_, given) => {
    const { facts, leftOut } = factsOf(given);
    expect(JSON.stringify(facts)).not.toContain('planted');
    expect(facts['payload']).toMatch(/\[left out\]$/);
    expect(leftOut).toEqual(['payload']);
  });

  test.each([
    ['an object in place of the message', { name: 'planted' }, undefined],
    ['JSON in the message', `payload: ${JSON.stringify({ name: 'planted' })}`, undefined],
  ])('%s', (_, message, facts) => {
    const line = plainLine(message, facts);
    expect(JSON.stringify(line)).not.toContain('planted');
    expect(line.message).toContain(LEFT_OUT);
    expect(line.leftOut).toEqual(['message']);
  });

  test.each([[[{ name: 'planted' }]], ['planted'], [7]])('%j in place of the facts', (given) => {
    expect(JSON.stringify(factsOf(given))).not.toContain('planted');
    expect(factsOf(given).leftOut).toEqual(['facts']);
  });
});

describe('a line of a handler never fails', () => {
  test('on getters and proxies that throw', () => {
    const hostile = {
      get payload(): never {
        throw new Error('no');
      },
    };
    const proxy = new Proxy({}, { ownKeys: () => ['a', 'a'], get: () => expect.fail('read') });
    expect(factsOf(hostile).leftOut).toEqual(['facts']);
    expect(factsOf(proxy).leftOut).toEqual(['facts']);
    expect(factsOf({ proxy }).leftOut).toEqual(['proxy']);
  });

  test('on a hostile text, and takes time in proportion to its length', () => {
    const startedMs = performance.now();
    for (const text of ['{'.repeat(1e6), '{ '.repeat(1e6), '[ '.repeat(1e6), `{"${'a'.repeat(1e6)}`])
      expect(String(factsOf({ text }).facts['text']).length).toBeLessThanOrEqual(8_192);
    expect(performance.now() - startedMs).toBeLessThan(500);
  });

  test('on a thousand facts, of which it keeps 32', () => {
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`f${index}`, index]));
    expect(Object.keys(factsOf(many).facts)).toHaveLength(32);
  });
});
