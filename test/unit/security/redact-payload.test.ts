import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { personalFieldsOf } from '../../../src/security/personal-fields.ts';
import { redactPayload } from '../../../src/security/redact-payload.ts';

const schema = {
  type: 'record',
  name: 'Owner',
  fields: [
    { name: 'id', type: 'string' },
    { name: 'name', type: 'string', personal: true },
    { name: 'age', type: ['null', 'int'], personal: true },
    {
      name: 'home',
      type: [
        'null',
        { type: 'record', name: 'Home', fields: [{ name: 'street', type: 'string', personal: true }] },
      ],
    },
    { name: 'earlier', type: { type: 'array', items: 'Home' } },
    { name: 'notes', type: { type: 'map', values: 'Home' } },
  ],
};

const hidden = '[redacted:personal]';

describe('what a schema marks as personal', () => {
  test('is hidden wherever it stands: in records, unions, lists, maps and types named before', () => {
    const owner = {
      ...{ id: 'o-1', name: 'Ana Silva', age: 41, home: { street: 'Rua A' } },
      ...{ earlier: [{ street: 'Rua B' }], notes: { x: { street: 'Rua C' } } },
    };
    const { value, redacted } = redactPayload(owner, personalFieldsOf({ schema }, 'none'));
    expect(value).toEqual({
      ...{ id: 'o-1', name: hidden, age: hidden, home: { street: hidden } },
      ...{ earlier: [{ street: hidden }], notes: { x: { street: hidden } } },
    });
    expect(redacted).toEqual(['name', 'age', 'home.street', 'earlier[0].street', 'notes.x.street']);
  });

  test('says nothing where there is nothing', () => {
    const { value, redacted } = redactPayload(
      { id: 'o', name: '', age: null, home: null },
      personalFieldsOf({ schema }, 'none'),
    );
    expect([value, redacted]).toEqual([{ id: 'o', name: '', age: null, home: null }, []]);
  });

  test('may be said by a check, behind optional, default, lists, records and unions', () => {
    const personal = z.string().meta({ personal: true });
    const check = z.object({
      month: z.string(),
      owner: personal.optional(),
      guests: z.array(z.object({ name: personal.default('-') })),
      byFlat: z.record(z.string(), z.union([z.object({ phone: personal }), z.null()])),
      whole: z.object({ a: z.string() }).meta({ personal: true }).nullable(),
    });
    const payload = {
      ...{ month: '2026-10', owner: 'Ana', guests: [{ name: 'Bea' }], byFlat: { a: { phone: '1' } } },
      whole: { a: 'x' },
    };
    expect(redactPayload(payload, personalFieldsOf(undefined, check))).toEqual({
      value: {
        ...{ month: '2026-10', owner: hidden, guests: [{ name: hidden }] },
        ...{ byFlat: { a: { phone: hidden } }, whole: hidden },
      },
      redacted: ['owner', 'guests[0].name', 'byFlat.a.phone', 'whole'],
    });
  });

  // They were looked for in none of these, so an export showed them to everybody.
  test('may be said in a tuple, in what an object has beside its fields, and in a schema that contains itself', () => {
    const personal = z.string().meta({ personal: true });
    const tree: z.ZodType = z.lazy(() =>
      z.object({ who: personal, kids: z.array(tree), left: tree.optional(), right: tree.nullable() }),
    );
    const check = z.object({
      pair: z.tuple([z.number(), personal]),
      others: z.object({ id: z.number() }).catchall(personal),
      tree,
      kind: z.discriminatedUnion('kind', [z.object({ kind: z.literal('a'), ssn: personal })]),
    });
    const nest = (levels: number): object => ({
      ...{ who: `deep ${levels}`, kids: levels === 0 ? [] : [nest(levels - 1)] },
    });
    const payload = {
      ...{ pair: [1, 'Ana'], others: { id: 1, nick: 'Bea' }, tree: nest(40), kind: { kind: 'a', ssn: '1' } },
    };
    const { value, redacted } = redactPayload(payload, personalFieldsOf(undefined, check));
    expect(value).toMatchObject({
      pair: [1, hidden],
      others: { id: 1, nick: hidden },
      kind: { ssn: hidden },
    });
    expect(JSON.stringify(value)).not.toContain('deep');
    expect(redacted).toContain('tree.kids[0].kids[0].who');
  });

  test('of which nothing is marked shows all, however deep', () => {
    const node: z.ZodType = z.lazy(() => z.object({ name: z.string(), next: node.optional() }));
    const nest = (levels: number): object =>
      levels === 0 ? { name: 'deep' } : { name: 'x', next: nest(levels - 1) };
    expect(redactPayload(nest(40), personalFieldsOf(undefined, node)).redacted).toEqual([]);
  });

  test('is found where a schema is named in full and meant by its last word', () => {
    const person = {
      type: 'record',
      name: 'a.b.Person',
      fields: [{ name: 'ssn', type: 'string', personal: true }],
    };
    const two = {
      ...{ type: 'record', name: 'a.b.Two' },
      fields: [
        { name: 'first', type: person },
        { name: 'second', type: 'Person' },
      ],
    };
    const { value } = redactPayload(
      { first: { ssn: '1' }, second: { ssn: '2' } },
      personalFieldsOf({ schema: two }, 'none'),
    );
    expect(value).toEqual({ first: { ssn: hidden }, second: { ssn: hidden } });
  });

  test('a schema that contains itself comes to an end', () => {
    const node = { type: 'record', name: 'Node', fields: [{ name: 'next', type: ['null', 'Node'] }] };
    expect(personalFieldsOf({ schema: node }, 'none').isPersonal).toBe(false);
  });
});

describe('a redacted payload', () => {
  test('has no secrets by name or by shape, no addresses, and is cut nowhere', () => {
    const long = 'x '.repeat(50_000);
    const many = Array.from({ length: 500 }, (_, index) => index);
    const { value, redacted } = redactPayload({
      ...{ password: 'hunter2!', note: 'ask ana@exemplo.com', long, many },
      deep: { a: { b: { c: { d: { e: { f: { g: 'seen' } } } } } } },
    });
    expect(value).toMatchObject({
      ...{ password: '[redacted:named-secret]', note: 'ask [redacted:email]', long, many },
      deep: { a: { b: { c: { d: { e: { f: { g: 'seen' } } } } } } },
    });
    expect(redacted).toEqual(['password', 'note']);
  });

  test('shows bytes in base64, and a key called __proto__ as any other', () => {
    const { value } = redactPayload(JSON.parse('{"__proto__": {"x": 1}}'));
    expect(JSON.stringify(value)).toBe('{"__proto__":{"x":1}}');
    expect(redactPayload({ bytes: Buffer.from('ab') }).value).toEqual({ bytes: 'YWI=' });
  });

  test('is the payload itself where nothing had to be hidden', () => {
    const payload = { a: [1, 'two', null, true], b: { c: 3 } };
    expect(redactPayload(payload)).toEqual({ value: payload, redacted: [] });
  });
});
