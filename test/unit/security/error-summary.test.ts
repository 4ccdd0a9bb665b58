import { describe, expect, it } from 'vitest';
import { classifyError } from '../../../src/core/classify.ts';
import { EsteiraError } from '../../../src/core/errors.ts';
import { UnrecoverableError } from '../../../src/core/handler-errors.ts';
import { summarizeError } from '../../../src/security/error-summary.ts';
import { PLANTED_SECRETS } from './planted-secrets.ts';

const summarize = (error: unknown) => summarizeError(error, (one) => classifyError(one));
const withFields = (message: string, fields: object): Error => Object.assign(new Error(message), fields);

describe('the code of a summary', () => {
  it.each([
    [new EsteiraError('ESTEIRA_PROVIDER_OPEN', 'x'), 'ESTEIRA_PROVIDER_OPEN'],
    [withFields('x', { code: 'ECONNREFUSED', errno: -111 }), 'ECONNREFUSED'],
    [withFields('x', { errno: -104 }), 'ECONNRESET'],
    [withFields('x', { status: 503 }), 'HTTP_503'],
    [withFields('x', { response: { statusCode: 422 } }), 'HTTP_422'],
    [
      withFields('x', { name: 'ThrottlingException', $metadata: { httpStatusCode: 400 } }),
      'ThrottlingException',
    ],
    [new TypeError('x'), 'TypeError'],
    [new UnrecoverableError('x'), 'UnrecoverableError'],
    [new Error('x', { cause: withFields('y', { code: 'EPIPE' }) }), 'EPIPE'],
    [new Error('x'), 'Error'],
    ['just text', 'THROWN_STRING'],
    [undefined, 'THROWN_UNDEFINED'],
    [null, 'THROWN_NULL'],
    [{ any: 'thing' }, 'THROWN_OBJECT'],
    [withFields('x', { code: 'a sentence is no code' }), 'Error'],
  ])('of %s is %s', (error, code) => {
    expect(summarize(error).code).toBe(code);
  });
});

describe('the message of a summary', () => {
  it('adds what the causes say, once', () => {
    const cause = new Error('connect ECONNREFUSED 127.0.0.1:9');
    expect(summarize(new TypeError('fetch failed', { cause })).message).toBe(
      'fetch failed <- connect ECONNREFUSED 127.0.0.1:9',
    );
    expect(summarize(new Error('same', { cause: new Error('same') })).message).toBe('same');
  });

  it('speaks for an AggregateError without a message', () => {
    expect(summarize(new AggregateError([new Error('a'), 'b'])).message).toBe('a; b');
  });

  it('is one line, at most 512 bytes and without secrets', () => {
    for (const { text, secret } of PLANTED_SECRETS) {
      const { message } = summarize(new Error(`first\nline ${text} ${'ã'.repeat(2_000)}`));
      expect(message).not.toContain(secret);
      expect(message).not.toMatch(/\p{Cc}/u);
      expect(Buffer.byteLength(message)).toBeLessThanOrEqual(512);
    }
  });

  it('does not let a secret out as a code', () => {
    const secret = PLANTED_SECRETS[0]?.secret ?? '';
    expect(JSON.stringify(summarize(withFields('x', { code: secret })))).not.toContain(secret);
  });
});

describe('the fingerprint of a summary', () => {
  const failAt = (message: string): Error => new Error(message);

  it('is the same for one place and kind of error, whatever the message', () => {
    const [first, second] = ['order 1 failed', 'order 2 failed'].map((message) => summarize(failAt(message)));
    expect(first?.fingerprint).toMatch(/^[0-9a-f]{16}$/);
    expect(second?.fingerprint).toBe(first?.fingerprint);
  });

  it('differs by place, class and code', () => {
    const here = failAt('x');
    const there = new Error('x');
    const typed = Object.assign(new TypeError('x'), { stack: here.stack });
    const coded = Object.assign(failAt('x'), { code: 'EPIPE', stack: here.stack });
    const prints = [here, there, typed, coded].map((error) => summarize(error).fingerprint);
    expect(new Set(prints).size).toBe(4);
  });

  it('is the same on every machine', () => {
    const stackAt = (root: string, eol = '\n') =>
      [
        'Error: x',
        '    at node:internal/process:1:1',
        `    at f (${root}/node_modules/pg/index.js:5:5)`,
        `    at run (${root}/src/jobs/send.ts:12:7)`,
      ].join(eol);
    const prints = [`file://${process.cwd()}`, process.cwd(), '/home/ana/work', 'C:\\work\\app'].map(
      (root) => summarize(Object.assign(new Error('x'), { stack: stackAt(root) })).fingerprint,
    );
    expect(new Set(prints).size).toBe(1);
  });
});

describe('whatever is thrown', () => {
  const no = (): never => {
    throw new Error('no');
  };
  const cyclic = new Error('round');
  cyclic.cause = new Error('and round', { cause: cyclic });
  const selfish = new AggregateError([], '');
  selfish.errors.push(selfish);
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const hostile: readonly (readonly [string, unknown])[] = [
    ['a symbol', Symbol('x')],
    ['a big number', 10n],
    ['a function', () => 1],
    ['an object without a prototype', Object.create(null)],
    [
      'an error whose getters throw',
      Object.create(Error.prototype, {
        message: { get: no },
        stack: { get: no },
        code: { get: no },
        cause: { get: no },
      }),
    ],
    ['a proxy that refuses everything', new Proxy({}, { get: no, has: no, getPrototypeOf: no, ownKeys: no })],
    ['a revoked proxy', proxy],
    ['a circle of causes', cyclic],
    ['an AggregateError that holds itself', selfish],
    [
      'an error with a stack of 10 MB',
      Object.assign(new Error('x'), { stack: `    at ${'('.repeat(10_000_000)}` }),
    ],
    [
      'an error with a line of a stack that never ends',
      Object.assign(new Error('x'), { stack: `    at ${'a:1'.repeat(5_000)}` }),
    ],
  ];

  // Wrapped, because the test runner itself would trip over some of them.
  it.each(hostile.map(([what, thrown]) => [what, () => thrown] as const))(
    '%s is summarized',
    (_what, thrown) => {
      const startedAt = performance.now();
      expect(summarize(thrown())).toEqual({
        code: expect.stringMatching(/^\w+$/),
        class: 'transient',
        message: expect.any(String),
        fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
      });
      expect(performance.now() - startedAt).toBeLessThan(1_000);
    },
  );
});
