import { describe, expect, it } from 'vitest';
import { classifyError } from '../../../src/core/classify.ts';
import { EsteiraError } from '../../../src/core/errors.ts';
import { IntegrityError, UnrecoverableError } from '../../../src/core/handler-errors.ts';
import type { ErrorClass } from '../../../src/core/outcome.ts';

const withFields = (fields: object): Error => Object.assign(new Error('failed'), fields);

describe('classifyError', () => {
  const cases: readonly (readonly [ErrorClass, string, unknown])[] = [
    ['unrecoverable', 'UnrecoverableError', new UnrecoverableError('x')],
    [
      'unrecoverable',
      'a subclass of UnrecoverableError',
      new (class Refused extends UnrecoverableError {})('x'),
    ],
    [
      'unrecoverable',
      'UnrecoverableError of another copy of the package',
      withFields({ name: 'UnrecoverableError' }),
    ],
    ['integrity', 'IntegrityError', new IntegrityError('x')],
    ['dependency-down', 'a refused connection', withFields({ code: 'ECONNREFUSED' })],
    ['dependency-down', 'an unknown host', withFields({ code: 'ENOTFOUND' })],
    ['dependency-down', 'an errno without a code', withFields({ errno: -111 })],
    ['transient', 'a reset connection', withFields({ code: 'ECONNRESET' })],
    ['transient', 'an abort', new DOMException('x', 'AbortError')],
    ['dependency-down', 'HTTP 503', withFields({ status: 503 })],
    ['dependency-down', 'HTTP 429', withFields({ statusCode: 429 })],
    ['dependency-down', 'HTTP 401', withFields({ response: { status: 401 } })],
    ['transient', 'HTTP 500', withFields({ status: 500 })],
    ['transient', 'HTTP 409', withFields({ status: 409 })],
    ['unrecoverable', 'HTTP 404', withFields({ status: 404 })],
    ['unrecoverable', 'HTTP 422', withFields({ statusCode: 422 })],
    ['transient', 'a status that is none', withFields({ status: 200 })],
    [
      'dependency-down',
      'AWS throttling, which comes as a 400',
      withFields({ name: 'ThrottlingException', $metadata: { httpStatusCode: 400 } }),
    ],
    [
      'dependency-down',
      'AWS says it is throttling',
      withFields({ name: 'Odd', $retryable: { throttling: true } }),
    ],
    [
      'unrecoverable',
      'AWS validation',
      withFields({ name: 'ValidationException', $metadata: { httpStatusCode: 400 } }),
    ],
    ['dependency-down', 'a database without room', withFields({ code: '53300' })],
    ['transient', 'a deadlock in a database', withFields({ code: '40P01' })],
    ['dependency-down', 'an open breaker', new EsteiraError('ESTEIRA_PROVIDER_OPEN', 'x')],
    ['transient', 'a provider that took too long', new EsteiraError('ESTEIRA_PROVIDER_TIMEOUT', 'x')],
    ['unrecoverable', 'publishing an invalid event', new EsteiraError('ESTEIRA_PAYLOAD_INVALID', 'x')],
    ['transient', 'a bug', new TypeError('x is not a function')],
    ['transient', 'an unknown error', new Error('x')],
    ['transient', 'thrown text', 'unrecoverable'],
    ['transient', 'nothing', undefined],
    [
      'dependency-down',
      'the cause of an error',
      new TypeError('fetch failed', { cause: withFields({ code: 'ECONNREFUSED' }) }),
    ],
    [
      'unrecoverable',
      'the error before its cause',
      new UnrecoverableError('x', { cause: withFields({ status: 503 }) }),
    ],
    [
      'dependency-down',
      'many errors that are all down',
      new AggregateError([withFields({ code: 'ECONNREFUSED' }), withFields({ status: 503 })]),
    ],
    [
      'transient',
      'many errors of which one may pass',
      new AggregateError([withFields({ status: 404 }), withFields({ status: 500 })]),
    ],
    [
      'unrecoverable',
      'many errors of which none may pass',
      new AggregateError([withFields({ status: 404 }), withFields({ status: 410 })]),
    ],
    [
      'integrity',
      'many errors of which one contradicts',
      new AggregateError([new IntegrityError('x'), new Error('y')]),
    ],
    ['transient', 'the words of a message', new Error('UnrecoverableError: ECONNREFUSED 503 permanent')],
  ];

  it.each(cases)('calls %s: %s', (expected, _what, error) => {
    expect(classifyError(error)).toBe(expected);
  });

  it('asks the rules of the app first, about the error and each of its causes', () => {
    class OutOfStock extends Error {}
    const rule = (error: unknown): ErrorClass | undefined =>
      error instanceof OutOfStock ? 'unrecoverable' : undefined;
    const notFound = (error: unknown): ErrorClass | undefined =>
      error instanceof Error && Reflect.get(error, 'status') === 404 ? 'transient' : undefined;

    expect(classifyError(new Error('x', { cause: new OutOfStock() }), [rule])).toBe('unrecoverable');
    expect(classifyError(withFields({ status: 404 }), [rule, notFound])).toBe('transient');
  });

  it('goes on without a rule that throws', () => {
    const broken = (): ErrorClass => {
      throw new Error('a bug in a rule');
    };
    expect(classifyError(new IntegrityError('x'), [broken])).toBe('integrity');
  });

  it('ends on causes that go in a circle and aggregates that hold themselves', () => {
    const circle = new Error('x');
    circle.cause = circle;
    const self = new AggregateError([]);
    for (let count = 0; count < 100; count += 1) self.errors.push(self);
    expect([classifyError(circle), classifyError(self)]).toEqual(['transient', 'transient']);
  });
});
