import { randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isEsteiraError } from '../../../src/core/errors.ts';
import { assertNoSecrets, findSecrets } from '../../../src/security/secret-guard.ts';
import { HARMLESS_PAYLOADS } from './harmless-payloads.ts';
import { PLANTED_SECRETS } from './planted-secrets.ts';

const fromAlphabet = (alphabet: string, length: number): string =>
  [...randomBytes(length)].map((byte) => alphabet[byte % alphabet.length]).join('');

const BASE62 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

describe('findSecrets', () => {
  it.each(PLANTED_SECRETS)('finds $what in a text of a payload', ({ text }) => {
    expect(findSecrets({ customer: { note: text } })).toEqual([
      { path: 'customer.note', kind: expect.any(String) },
    ]);
  });

  it('finds secrets by the names of fields, whatever their value', () => {
    const payload = {
      password: 'abc',
      db: { clientSecret: 'x1', credentials: ['u', 'p'] },
      hooks: [{ apiKey: 'k' }, { senha: 1234 }],
      token: 'Zx8Kq2Lm9Tn4Rv6Bw1Yc',
      session: '9f86d081884c7d659a2feaa0c55ad015',
      cookie: 'sid=abc123def456; path=/',
      cardNumber: 4111111111111111,
      passwordHash: 'x',
    };
    expect(findSecrets(payload).map(({ path }) => path)).toEqual([
      'password',
      'db.clientSecret',
      'db.credentials[0]',
      'db.credentials[1]',
      'hooks[0].apiKey',
      'hooks[1].senha',
      'token',
      'session',
      'cookie',
      'cardNumber',
      'passwordHash',
    ]);
  });

  it('accepts references to secrets, and places where a secret is not', () => {
    const payload = {
      password: 'vault:kv/data/mail#password',
      apiKey: 'arn:aws:secretsmanager:sa-east-1:123456789012:secret:mail',
      clientSecret: '***',
      secret: '',
      accessToken: null,
      privateKey: '[redacted]',
      secretRef: 'mail-password',
      secretName: 'mail',
      passwordChangedAt: '2026-10-01',
      nextPageToken: 'CAUQAA123456789abcDEF99',
      deviceToken: 'fcm9-AbC8dEf7GhI6jKl5MnO4',
      tokenCount: 4_096,
      hasPassword: true,
    };
    expect(findSecrets(payload)).toEqual([]);
  });

  it('finds them in maps, sets, bytes, lists of lists and the names of fields', () => {
    const { text, secret } = PLANTED_SECRETS[0] ?? { text: '', secret: '' };
    const payload = {
      m: new Map([['k', text]]),
      s: new Set([text]),
      b: Buffer.from(text),
      l: [[text]],
      [secret]: 1,
    };
    const paths = findSecrets(payload).map(({ path }) => path);
    expect(paths).toEqual(['m.k', 's[0]', 'b', 'l[0][0]', '[redacted:provider-token]']);
  });

  it('names the payload itself when that is the secret', () => {
    expect(findSecrets(PLANTED_SECRETS[0]?.text)).toEqual([{ path: '(payload)', kind: 'provider-token' }]);
  });

  it('ends on circles, and refuses what is nested without end', () => {
    const circle: Record<string, unknown> = { password: 'x' };
    circle['self'] = circle;
    expect(findSecrets(circle)).toHaveLength(1);
    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level += 1) deep = [deep];
    expect(() => findSecrets(deep)).toThrow(expect.objectContaining({ code: 'ESTEIRA_PAYLOAD_INVALID' }));
  });

  it('stops at 20 findings', () => {
    expect(findSecrets(Array.from({ length: 100 }, () => ({ password: 'x' })))).toHaveLength(20);
  });
});

describe('what is no secret', () => {
  it.each(HARMLESS_PAYLOADS.map((payload) => [payload.of, payload.value] as const))(
    'passes %s',
    (_of, value) => {
      expect(findSecrets(value)).toEqual([]);
    },
  );

  const ids: readonly (readonly [string, () => string])[] = [
    ['UUIDs', () => randomUUID()],
    ['UUIDs in capitals', () => randomUUID().toUpperCase()],
    ['ULIDs', () => fromAlphabet(CROCKFORD, 26)],
    ['nanoids', () => fromAlphabet(`${BASE62}_-`, 21)],
    ['KSUIDs', () => fromAlphabet(BASE62, 27)],
    ['object ids', () => randomBytes(12).toString('hex')],
    ['SHA-1 hashes', () => randomBytes(20).toString('hex')],
    ['SHA-256 hashes', () => randomBytes(32).toString('hex')],
    ['short base64', () => randomBytes(18).toString('base64')],
    ['base64 of SHA-256', () => randomBytes(32).toString('base64')],
    ['numbers of 19 digits', () => `1${fromAlphabet('0123456789', 18)}`],
    ['numbers of 16 digits', () => fromAlphabet('0123456789', 16)],
    ['Pix end-to-end ids', () => `E${fromAlphabet('0123456789', 19)}${fromAlphabet(BASE62, 12)}`],
    ['phone numbers', () => `+55119${fromAlphabet('0123456789', 8)}`],
    ['IBANs', () => `BR${fromAlphabet('0123456789', 25)}C1`],
    ['customer ids with a prefix', () => `cus_${fromAlphabet(BASE62, 14)}`],
    ['payment ids with a prefix', () => `pi_${fromAlphabet(BASE62, 24)}`],
  ];

  it.each(ids)('passes 10,000 random %s under names of all kinds', (_what, makeId) => {
    const refused = Array.from({ length: 10_000 }, makeId).filter(
      (id) => findSecrets({ id, paymentId: id, key: id, note: `ref ${id} ok`, ids: [id] }).length > 0,
    );
    expect(refused).toEqual([]);
  });

  it('passes UUIDs and ULIDs also where the name says token', () => {
    for (let count = 0; count < 1_000; count += 1) {
      expect(findSecrets({ token: randomUUID(), session: fromAlphabet(CROCKFORD, 26) })).toEqual([]);
    }
  });
});

describe('assertNoSecrets', () => {
  it('names path and kind, and never the value', () => {
    const planted = PLANTED_SECRETS[4];
    const refused = (): void => assertNoSecrets({ payer: { note: planted?.text } }, 'event InvoicePaid');
    expect(refused).toThrow(/event InvoicePaid.*payer\.note \(provider-token\)/);
    try {
      refused();
    } catch (error) {
      expect(isEsteiraError(error, 'ESTEIRA_PAYLOAD_HOLDS_SECRET')).toBe(true);
      expect(JSON.stringify(error) + String(error)).not.toContain(planted?.secret);
    }
  });

  it('lets a harmless payload pass', () => {
    expect(() => assertNoSecrets({ paymentId: 'p-1' }, 'event')).not.toThrow();
  });
});
