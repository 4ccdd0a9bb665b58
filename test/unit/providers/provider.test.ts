import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { latch, waitFor } from '../../support/wait.ts';
import { code, down, failTimes, forever, outcomes, quick, setup, well } from './provider-bench.ts';

describe('a fallback', () => {
  it('is told apart from an answer of the provider', async () => {
    const fallbacks: unknown[] = [];
    const provider = setup({ onFallback: (about) => fallbacks.push(about) });
    expect(await provider.callOrFallback(forever, well, () => 'kept')).toEqual({
      from: 'provider',
      value: 'sent',
    });
    const answer = await provider.callOrFallback(forever, down, (error) => `kept: ${String(error)}`);
    expect(answer).toEqual({ from: 'fallback', value: 'kept: Error: down', error: expect.any(Error) });
    expect(fallbacks).toEqual([{ provider: 'mail', error: expect.any(Error) }]);
  });

  it('is used while the breaker is open, and its own failure is the call’s', async () => {
    const provider = setup({ breaker: quick });
    await failTimes(provider, 3);
    expect(await provider.callOrFallback(forever, well, () => 1)).toMatchObject({
      from: 'fallback',
      value: 1,
    });
    await expect(
      provider.callOrFallback(forever, well, () => {
        throw new Error('no fallback either');
      }),
    ).rejects.toThrow('no fallback either');
  });

  it('is not used for a caller that has given up', async () => {
    await expect(setup().callOrFallback(AbortSignal.abort(new Error('gone')), well, () => 1)).rejects.toThrow(
      'gone',
    );
  });
});

describe('the app’s own parts', () => {
  it('cannot break a call: what a hook throws becomes a warning', async () => {
    const warned = latch<Error>();
    process.once('warning', warned.open);
    const provider = setup({
      onCall: () => {
        throw new Error('a bug in a hook');
      },
    });
    await expect(provider.call(forever, well)).resolves.toBe('sent');
    expect((await warned.opened).message).toBe('a bug in a hook');
  });

  it('may judge errors its own way', async () => {
    const provider = setup({ breaker: quick, judge: () => 'declined' });
    await failTimes(provider, 20);
    expect([provider.state(), new Set(outcomes())]).toEqual(['closed', new Set(['declined'])]);
  });

  it.each([
    ['a name that is not kebab-case', { name: 'My Mail' }],
    ['no time', { timeout: 0 }],
    ['no calls', { maxConcurrent: 0 }],
    ['half a call', { maxConcurrent: 1.5 }],
    ['more than all', { breaker: { errorThresholdPercentage: 101 } }],
    ['a breaker that never tries again', { breaker: { openFor: 0 } }],
  ])('is refused with %s', (_what, options) => {
    expect(() => setup(options)).toThrow(code('ESTEIRA_DEFINITION_INVALID') as Error);
  });
});

describe('a real server that hangs', () => {
  let server: Server | undefined;
  afterEach(async () => {
    server?.closeAllConnections();
    await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
  });

  it('costs each caller its time-out, loses its connections, and is left alone after that', async () => {
    let open = 0;
    let seen = 0;
    server = createServer((request) => {
      open += 1;
      seen += 1;
      request.socket.once('close', () => {
        open -= 1;
      });
    });
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const provider = setup({ timeout: 60, maxConcurrent: 3, breaker: { ...quick, openFor: '30s' } });
    const post = (signal: AbortSignal): Promise<Response> =>
      fetch(`http://127.0.0.1:${port}/send`, { method: 'POST', body: '{}', signal });

    const failures = await Promise.all(
      Array.from({ length: 9 }, () => provider.call(forever, post).catch((error: unknown) => error)),
    );

    expect(failures.slice(0, 3)).toEqual(Array.from({ length: 3 }, () => code('ESTEIRA_PROVIDER_TIMEOUT')));
    expect(provider.state()).toBe('open');
    await waitFor('the server to see its connections closed', () => open === 0);
    expect(seen).toBeLessThanOrEqual(6);
    const before = seen;
    await expect(provider.call(forever, post)).rejects.toEqual(code('ESTEIRA_PROVIDER_OPEN'));
    expect(seen).toBe(before);
  });
});
