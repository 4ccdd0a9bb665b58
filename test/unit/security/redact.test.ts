import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redactText, redactValue } from '../../../src/security/redact.ts';
import { PLANTED_SECRETS } from './planted-secrets.ts';

describe('redactText', () => {
  it.each(PLANTED_SECRETS)('hides $what', ({ text, secret }) => {
    const redacted = redactText(text);

    expect(redacted).toContain('[redacted:');
    expect(redacted).not.toContain(secret);
  });

  it.each([
    [
      'an e-mail address',
      'mail to joão.silva+casa@exemplo.com.br bounced',
      'mail to [redacted:email] bounced',
    ],
    ['a bare card number', 'declined: 4111111111111111', 'declined: [redacted:card-number]'],
    ['a session cookie', 'sent Cookie: sid=abc; theme=dark', 'sent Cookie: [redacted:cookie]'],
    [
      'a long random token',
      'cursor Zx8Kq2Lm9Tn4Rv6Bw1Yc3Ud5Fe7Gh0Ji expired',
      'cursor [redacted:random-token] expired',
    ],
    ['a long hexadecimal key', `digest ${'0123456789abcdef'.repeat(4)}`, 'digest [redacted:random-token]'],
  ])('hides %s and leaves the rest', (_what, text, expected) => {
    expect(redactText(text)).toBe(expected);
  });

  it.each([
    'invoice 2f1c0a52-2f0c-4a5e-9d5e-5b1c2d3e4f50 of tenant acme: 3 lines, R$ 1.234,56',
    'ULID 01ARZ3NDEKTSV4RRFFQ69G5FAV at 2026-10-01T10:00:00.000Z',
    'connect ECONNREFUSED 127.0.0.1:5432',
    'Unexpected token } in JSON at position 17',
    'prompt tokens: 4096, completion tokens: 512',
    'TypeError: Cannot read properties of undefined (reading paymentId)',
    'a user needs bearer authentication or a basic subscription',
    'phone +55 11 98765-4321, order 20261001-000017',
    'commit 9fceb02d0ae598e95dc970b74767f19372d61af8',
    '/srv/app/node_modules/some-package/dist/lib/connection/reader.js',
  ])('leaves %j as it is', (text) => {
    expect(redactText(text)).toBe(text);
  });

  it('changes nothing when it is applied again', () => {
    for (const { text } of PLANTED_SECRETS) expect(redactText(redactText(text))).toBe(redactText(text));
  });

  it('never gives more bytes than asked for, nor half a character', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 400 }),
        fc.integer({ min: 0, max: 300 }),
        (text, maxBytes) => {
          const bytes = Buffer.from(redactText(text, maxBytes), 'utf8');
          expect(bytes.length).toBeLessThanOrEqual(maxBytes);
          expect(bytes.toString('utf8')).toBe(redactText(text, maxBytes));
          // A replacement character that was not there before would be half a character.
          if (text.isWellFormed() && !text.includes('\ufffd'))
            expect(bytes.toString('utf8')).not.toContain('\ufffd');
        },
      ),
    );
  });

  it('says by an ellipsis that a text was longer', () => {
    expect(redactText('ç'.repeat(600))).toBe(`${'ç'.repeat(254)}…`);
    expect(redactText('x'.repeat(512))).toHaveLength(512);
  });

  it('hides a secret that stands where a long text is cut', () => {
    const { secret = '' } = PLANTED_SECRETS[0] ?? {};
    const window = 4 * 512 + 4_096;
    for (let before = window - 300; before < window; before += 1) {
      const lead = `password="${'p'.repeat(before - 12)}" `;
      expect(redactText(`${lead}${secret} and much more`.padEnd(window * 2, '.'))).not.toContain(
        secret.slice(0, 6),
      );
    }
  });

  it.each([
    ['one letter', 'a'],
    ['JWT beginnings', 'eyJ'],
    ['address beginnings', '://a:'],
    ['at signs', 'a@'],
    ['dotted at signs', 'a@a.'],
    ['assignments', 'password="'],
    ['escapes', 'password\\\\\\\\"    =    '],
    ['key beginnings', '-----BEGIN PRIVATE KEY-----'],
    ['spaced digits', '1 '],
    ['hyphenated digits', '4111-'],
    ['bearers', 'bearer '],
    ['basics', 'basic aaaaaaaa'],
    ['mixed letters', 'aB3/'],
    ['spaces', ' '],
    ['hook beginnings', 'hooks.slack.com/services/'],
    ['emoji', '😀'],
  ])('takes under 200 ms for a megabyte of %s', (_what, unit) => {
    const hostile = unit.repeat(Math.ceil(1_000_000 / unit.length));
    const startedAt = performance.now();
    redactText(hostile);
    expect(performance.now() - startedAt).toBeLessThan(200);
  });
});

describe('redactValue', () => {
  it('hides values by the names of their fields, however they are written', () => {
    expect(
      redactValue({
        password: 'x',
        clientSecret: 'y',
        'X-API-KEY': 'z',
        senha: 12,
        refresh_token: 't',
        nested: [{ cvv: '123' }],
      }),
    ).toEqual({
      password: '[redacted:named-secret]',
      clientSecret: '[redacted:named-secret]',
      'X-API-KEY': '[redacted:named-secret]',
      senha: '[redacted:named-secret]',
      refresh_token: '[redacted:named-secret]',
      nested: [{ cvv: '[redacted:named-secret]' }],
    });
  });

  it('leaves names that only end like a secret', () => {
    const value = {
      secretId: 's-1',
      passwordChangedAt: '2026-01-01',
      tokenCount: 12,
      secretaria: 'Ana',
      passwordSet: true,
    };
    expect(redactValue(value)).toEqual(value);
  });

  it('hides secrets inside texts at any depth and in the names themselves', () => {
    const { secret, text } = PLANTED_SECRETS[0] ?? { secret: '', text: '' };
    expect(JSON.stringify(redactValue({ a: [{ b: new Map([['c', text]]) }], [secret]: 1 }))).not.toContain(
      secret,
    );
  });

  it('copes with circles, bytes, dates, errors, sets, big numbers and functions', () => {
    const circle: Record<string, unknown> = {
      at: new Date(0),
      bytes: Buffer.alloc(3),
      n: 10n,
      f: () => 1,
      s: new Set([1]),
    };
    circle['self'] = circle;
    circle['error'] = new Error('token=abc123', { cause: new TypeError('inner') });
    expect(redactValue(circle)).toMatchObject({
      at: '1970-01-01T00:00:00.000Z',
      bytes: '[3 bytes]',
      n: '10',
      f: '[function]',
      s: [1],
      self: '[circular]',
      error: {
        name: 'Error',
        message: 'token=[redacted:named-secret]',
        cause: { name: 'TypeError', message: 'inner' },
      },
    });
  });

  it('is bounded in depth, width and total', () => {
    let deep: unknown = 'bottom';
    for (let level = 0; level < 10_000; level += 1) deep = { deep };
    expect(JSON.stringify(redactValue(deep))).toContain('[deeper]');
    expect(redactValue(Array.from({ length: 60 }, () => 1))).toHaveLength(51);
    const wide = Array.from({ length: 50 }, () => Array.from({ length: 50 }, () => 'y'.repeat(1_000_000)));
    const startedAt = performance.now();
    expect(JSON.stringify(redactValue(wide)).length).toBeLessThan(100_000);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  it('never throws, also where everything asked of a value throws', () => {
    const hostile = new Proxy(
      {},
      {
        get: () => {
          throw new Error('no');
        },
        getPrototypeOf: () => {
          throw new Error('no');
        },
      },
    );
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const getter = {
      get a(): string {
        throw new Error('no');
      },
      b: 1,
    };
    expect(redactValue({ hostile, proxy, getter })).toEqual({
      hostile: '[unreadable]',
      proxy: '[unreadable]',
      getter: { a: undefined, b: 1 },
    });
  });

  it('makes no field of an object special', () => {
    const copy = redactValue(JSON.parse('{"__proto__":{"polluted":true}}'));
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
    expect(Object.keys(copy as object)).toEqual(['__proto__']);
  });
});
