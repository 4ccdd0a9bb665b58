import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { addressOf, clientOptions } from '../../../src/state/redis/redis-options.ts';

const of = (url: string) => addressOf({ url, namespace: 'app' });

describe('the address of Redis', () => {
  test.each([
    ['redis://localhost', { host: 'localhost', port: 6379 }],
    ['redis://10.0.0.1:6380/2', { host: '10.0.0.1', port: 6380, db: 2 }],
    ['redis://:p%40ss%2Fword@cache/', { host: 'cache', port: 6379, password: 'p@ss/word' }],
    ['redis://app:secret@cache:1', { host: 'cache', port: 1, username: 'app', password: 'secret' }],
    ['rediss://cache', { host: 'cache', port: 6379, tls: {} }],
    ['redis://[::1]:6379', { host: '::1', port: 6379 }],
  ])('%s is read', (url, address) => {
    expect(of(url)).toEqual(address);
  });

  test.each(['', 'cache:6379', 'http://cache', 'redis://cache/zero', 'redis://cache:99999'])(
    'what is no Redis URL is refused: %s',
    (url) => {
      expect(() => of(url)).toThrow(expect.objectContaining({ code: 'ESTEIRA_CONFIG_INVALID' }));
    },
  );

  test('a password that is no valid URL text is refused without being repeated', () => {
    for (const url of ['redis://:%zz-sesame@cache', 'redis:/:sesame@cache', 'amqp://:sesame@cache']) {
      let thrown: unknown;
      try {
        of(url);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toMatchObject({ code: 'ESTEIRA_CONFIG_INVALID' });
      expect(inspect(thrown, { depth: 9 })).not.toContain('sesame');
    }
  });

  test('host, port and password do without a URL, and the URL wins', () => {
    expect(addressOf({ namespace: 'app' })).toEqual({ host: 'localhost', port: 6379 });
    const parts = { host: 'cache', port: 1, username: 'app', password: 'secret', namespace: 'app' };
    expect(addressOf(parts)).toEqual({ host: 'cache', port: 1, username: 'app', password: 'secret' });
    expect(addressOf({ ...parts, url: 'redis://other' })).toEqual({ host: 'other', port: 6379 });
  });

  test('words in the URL cannot switch a guard off', () => {
    // The client takes any of its options from a URL's query, the offline queue among them.
    const address = of('redis://cache?enableOfflineQueue=true&commandTimeout=0');
    expect(address).toEqual({ host: 'cache', port: 6379 });
  });
});

describe('the settings of the client', () => {
  const settings = clientOptions({ host: 'cache', port: 1 }, { namespace: 'app' });

  test('nothing is queued or sent again, and everything ends in time', () => {
    expect(settings).toMatchObject({
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      commandTimeout: 1_000,
      connectTimeout: 2_000,
    });
    expect(settings.socketTimeout).toBeGreaterThan(settings.commandTimeout);
  });

  test('a lost connection is made again for ever, at most 2 s apart', () => {
    const longest = [50, 100, 800, 2_000, 2_000];
    [1, 2, 5, 100, 1e9].forEach((times, i) => {
      const delayMs = settings.retryStrategy(times);
      expect(delayMs).toBeLessThanOrEqual(longest[i] ?? 0);
      expect(delayMs).toBeGreaterThanOrEqual((longest[i] ?? 0) * 0.8);
    });
  });
});
