import { ReplyError } from 'ioredis';
import { expect, test } from 'vitest';
import { failureCode, isReplyError, unavailable } from '../../../src/state/redis/redis-errors.ts';

test.each([
  ['a reply', new ReplyError('OOM command not allowed'), 'OOM'],
  ['a system error', Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
  [
    'an aborted command',
    Object.assign(new Error('gone'), { name: 'MaxRetriesPerRequestError' }),
    'connection_lost',
  ],
  ['a time-out', new Error('Command timed out'), 'no_answer'],
  ['no error at all', 'oops', 'unknown'],
])('%s is named by its code', (_what, error, code) => {
  expect(failureCode(error)).toBe(code);
});

test('only replies of the server are reply errors', () => {
  expect(isReplyError(new ReplyError('NOSCRIPT No matching script'), 'NOSCRIPT')).toBe(true);
  expect(isReplyError(new ReplyError('ERR NOSCRIPT'), 'NOSCRIPT')).toBe(false);
  expect(isReplyError(new Error('NOSCRIPT No matching script'))).toBe(false);
});

test("the client's own error, which carries the command's words, stays inside", () => {
  const vendor = Object.assign(new ReplyError('NOPERM no'), { command: { args: ['sesame'] } });
  const error = unavailable('claim', 'cache:6379', vendor);
  expect(error).toMatchObject({ code: 'ESTEIRA_STATE_UNAVAILABLE', retryable: true });
  expect(error.facts).toEqual({ call: 'claim', server: 'cache:6379', code: 'NOPERM' });
  expect(error.cause).toBeUndefined();
});
