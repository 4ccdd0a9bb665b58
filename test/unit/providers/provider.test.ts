import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { classifyError } from '../../../src/core/classify.ts';
import { retryAfterMs } from '../../../src/core/retry-after.ts';
import { defineProvider, type Provider } from '../../../src/providers/provider.ts';
import type { ProviderCall, ProviderOptions } from '../../../src/providers/provider-options.ts';
import { latch, pause, waitFor } from '../../support/wait.ts';

const providers: Provider[] = [];
const calls: ProviderCall[] = [];
const states: string[] = [];

const setup = (options: Partial<ProviderOptions> = {}): Provider => {
  const provider = defineProvider({
    name: 'mail',
    timeout: 200,
    maxConcurrent: 2,
    onCall: (call) => calls.push(call),
    onState: ({ state }) => states.push(state),
    ...options,
  });
  providers.push(provider);
  return provider;
};

afterEach(() => {
  for (const provider of providers.splice(0)) provider.close();
  calls.length = 0;
  states.length = 0;
});

const forever = new AbortController().signal;
const outcomes = (): readonly string[] => calls.map(({ outcome }) => outcome);
const down = async (): Promise<never> => {
  throw Object.assign(new Error('down'), { status: 503 });
};
const declined = async (): Promise<never> => {
  throw Object.assign(new Error('no such address'), { status: 422 });
};
const well = async (): Promise<string> => 'sent';
const code = (expected: string): unknown => expect.objectContaining({ code: expected });

/** A breaker that is quick to open and to try again. */
const quick = { volumeThreshold: 3, openFor: 50, window: '10s' } as const;

const failTimes = async (provider: Provider, times: number, action = down): Promise<void> => {
  for (let count = 0; count < times; count += 1) await provider.call(forever, action).catch(() => undefined);
};

describe('a call', () => {
  it('gives what the action gives, and tells how it went', async () => {
    await expect(setup().call(forever, well)).resolves.toBe('sent');
    expect(calls).toEqual([
      { provider: 'mail', outcome: 'answered', waitMs: expect.any(Number), runMs: expect.any(Number) },
    ]);
  });

  it('throws what the action throws, also when it throws before it waits', async () => {
    const provider = setup();
    await expect(provider.call(forever, down)).rejects.toThrow('down');
    await expect(
      provider.call(forever, () => {
        throw new RangeError('at once');
      }),
    ).rejects.toThrow(RangeError);
    expect(outcomes()).toEqual(['failed', 'failed']);
  });

  it('ends at the time-out with a transient error, and the action is told by its own signal', async () => {
    const provider = setup({ timeout: 30 });
    const aborted = latch<unknown>();
    const hang = (signal: AbortSignal): Promise<never> =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          aborted.open(signal.reason);
          reject(signal.reason);
        });
      });
    const failure = await provider.call(forever, hang).catch((error: unknown) => error);
    expect(failure).toEqual(code('ESTEIRA_PROVIDER_TIMEOUT'));
    expect(classifyError(failure)).toBe('transient');
    expect(await aborted.opened).toBe(failure);
    expect(outcomes()).toEqual(['timed-out']);
  });

  it('ends when its caller aborts, with the reason, and says nothing of the provider', async () => {
    const provider = setup({ breaker: { ...quick, volumeThreshold: 1 } });
    const caller = new AbortController();
    const running = provider.call(caller.signal, () => new Promise(() => undefined));
    caller.abort(new Error('shutting down'));
    await expect(running).rejects.toThrow('shutting down');
    await expect(provider.call(caller.signal, well)).rejects.toThrow('shutting down');
    expect([outcomes(), provider.state()]).toEqual([['aborted', 'aborted'], 'closed']);
  });

  it('aborts only itself at its time-out, not its neighbours', async () => {
    // opossum's own abort controller is one for the breaker: a slow call aborted a healthy one.
    const provider = setup({ timeout: 400 });
    const slow = provider.call(forever, () => new Promise(() => undefined)).catch((error: unknown) => error);
    await pause(150);
    const healthy = provider.call(forever, async (signal) => {
      await slow;
      return signal.aborted;
    });
    expect(await slow).toEqual(code('ESTEIRA_PROVIDER_TIMEOUT'));
    expect(await healthy).toBe(false);
  });
});

describe('concurrency', () => {
  it('never runs more at once than allowed, in the order of asking', async () => {
    const provider = setup({ maxConcurrent: 2, timeout: 5_000 });
    const gates = Array.from({ length: 6 }, () => latch());
    const started: number[] = [];
    const all = gates.map((gate, index) =>
      provider.call(forever, async () => {
        started.push(index);
        await gate.opened;
        return index;
      }),
    );
    await waitFor('two calls', () => started.length === 2);
    for (const gate of gates) gate.open();
    expect(await Promise.all(all)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(started).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('counts a call that was given up on until its promise really ends', async () => {
    // opossum frees the slot at the time-out: capacity 2 with slow calls ran 12 at once.
    const provider = setup({ maxConcurrent: 2, timeout: 20 });
    const end = latch();
    let running = 0;
    let most = 0;
    const deaf = async (): Promise<void> => {
      running += 1;
      most = Math.max(most, running);
      await end.opened;
      running -= 1;
    };
    const failures = await Promise.all(
      Array.from({ length: 12 }, () => provider.call(forever, deaf).catch((error: unknown) => error)),
    );
    expect(most).toBe(2);
    expect(failures.filter((one) => classifyError(one) === 'transient')).toHaveLength(2);
    expect(failures.slice(2)).toEqual(Array.from({ length: 10 }, () => code('ESTEIRA_PROVIDER_OPEN')));
    end.open();
    await waitFor('the slots to come free', () => running === 0);
    await expect(provider.call(forever, well)).resolves.toBe('sent');
  });

  it('refuses at once while hung calls hold every slot', async () => {
    const provider = setup({ maxConcurrent: 1, timeout: 20 });
    const end = latch();
    await expect(provider.call(forever, () => end.opened)).rejects.toThrow();
    const failure = await provider.call(forever, well).catch((error: unknown) => error);
    expect(failure).toEqual(code('ESTEIRA_PROVIDER_OPEN'));
    expect(classifyError(failure)).toBe('dependency-down');
    expect(outcomes()).toEqual(['timed-out', 'refused']);
    end.open();
  });

  it('fails as a time-out, and says nothing of the provider, where no slot comes free', async () => {
    const provider = setup({ maxConcurrent: 1, timeout: 600, breaker: { ...quick, volumeThreshold: 1 } });
    // Each takes most of its time and answers, so that the last in the row waits longer than it may.
    const slow = (): Promise<void> => pause(400);
    const all = Array.from({ length: 6 }, () =>
      provider.call(forever, slow).catch((error: unknown) => error),
    );
    const last = (await Promise.all(all)).at(-1);
    expect(last).toEqual(code('ESTEIRA_PROVIDER_TIMEOUT'));
    expect([provider.state(), outcomes().includes('refused')]).toEqual(['closed', true]);
  });

  it('lets a caller stop waiting for a slot, which the next one then gets', async () => {
    const provider = setup({ maxConcurrent: 1, timeout: 5_000 });
    const gate = latch();
    const caller = new AbortController();
    const busy = provider.call(forever, () => gate.opened);
    const gaveUp = provider.call(caller.signal, well);
    const patient = provider.call(forever, well);
    caller.abort(new Error('enough'));
    await expect(gaveUp).rejects.toThrow('enough');
    gate.open();
    await expect(patient).resolves.toBe('sent');
    await busy;
  });
});

describe('the breaker', () => {
  it('stays closed below ten calls, unless told otherwise', async () => {
    const provider = setup();
    await failTimes(provider, 9);
    expect(provider.state()).toBe('closed');
    await failTimes(provider, 1);
    expect(provider.state()).toBe('open');
  });

  it('is open as a dependency that is down: not called, with the time until it is tried again', async () => {
    const provider = setup({ breaker: { ...quick, openFor: '30s' } });
    await failTimes(provider, 3);
    let called = false;
    const failure = await provider
      .call(forever, async () => {
        called = true;
      })
      .catch((error: unknown) => error);
    expect(failure).toEqual(code('ESTEIRA_PROVIDER_OPEN'));
    expect(classifyError(failure)).toBe('dependency-down');
    expect(retryAfterMs(failure, Date.now())).toBeGreaterThan(29_000);
    expect([called, outcomes().at(-1)]).toEqual([false, 'refused']);
  });

  it('tries again after a while, and closes when one call answers', async () => {
    const provider = setup({ breaker: quick });
    await failTimes(provider, 3);
    await waitFor('half-open', () => provider.state() === 'half-open');
    await expect(provider.call(forever, well)).resolves.toBe('sent');
    expect([provider.state(), states]).toEqual(['closed', ['open', 'half-open', 'closed']]);
  });

  it('opens again when that call fails', async () => {
    const provider = setup({ breaker: quick });
    await failTimes(provider, 3);
    await waitFor('half-open', () => provider.state() === 'half-open');
    await failTimes(provider, 1);
    expect(provider.state()).toBe('open');
  });

  it('lets one call at a time find out', async () => {
    const provider = setup({ breaker: quick, maxConcurrent: 5 });
    await failTimes(provider, 3);
    await waitFor('half-open', () => provider.state() === 'half-open');
    const gate = latch<string>();
    const probe = provider.call(forever, () => gate.opened);
    await expect(provider.call(forever, well)).rejects.toEqual(code('ESTEIRA_PROVIDER_OPEN'));
    gate.open('back');
    await expect(probe).resolves.toBe('back');
    await expect(provider.call(forever, well)).resolves.toBe('sent');
  });

  it('takes a declined call for neither success nor failure', async () => {
    // opossum counts a filtered error as a success: a 400 closed a half-open breaker.
    const provider = setup({ breaker: quick });
    await failTimes(provider, 20, declined);
    expect(provider.state()).toBe('closed');
    await failTimes(provider, 3);
    expect(provider.state()).toBe('open');
    await waitFor('half-open', () => provider.state() === 'half-open');
    await failTimes(provider, 2, declined);
    expect(provider.state()).toBe('half-open');
    await expect(provider.call(forever, well)).resolves.toBe('sent');
    expect(provider.state()).toBe('closed');
  });

  it('does not let refused calls water down the rate of failures', async () => {
    const provider = setup({ breaker: { ...quick, volumeThreshold: 4 } });
    await failTimes(provider, 4);
    await failTimes(provider, 50);
    await waitFor('half-open', () => provider.state() === 'half-open');
    await provider.call(forever, well);
    await failTimes(provider, 8);
    expect(provider.state()).toBe('open');
  });

  it('is not moved by the late answer of a call from before it opened', async () => {
    const provider = setup({ breaker: quick, maxConcurrent: 5, timeout: 5_000 });
    const gate = latch<string>();
    const late = provider.call(forever, () => gate.opened);
    await failTimes(provider, 3);
    await waitFor('half-open', () => provider.state() === 'half-open');
    gate.open('late');
    await expect(late).resolves.toBe('late');
    expect(provider.state()).toBe('half-open');
  });

  it('finds out anew when the call that was to find out was aborted', async () => {
    const provider = setup({ breaker: quick });
    await failTimes(provider, 3);
    await waitFor('half-open', () => provider.state() === 'half-open');
    const caller = new AbortController();
    const probe = provider.call(caller.signal, () => new Promise(() => undefined));
    caller.abort(new Error('enough'));
    await expect(probe).rejects.toThrow('enough');
    await expect(provider.call(forever, well)).resolves.toBe('sent');
  });
});

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

describe('the end', () => {
  it('sends away those who wait and those who come, and lets running calls end', async () => {
    const provider = setup({ maxConcurrent: 1, timeout: 5_000 });
    const gate = latch<string>();
    const started = latch();
    const running = provider.call(forever, () => {
      started.open();
      return gate.opened;
    });
    const waiting = provider.call(forever, well);
    await started.opened;
    provider.close();
    provider.close();
    await expect(waiting).rejects.toEqual(code('ESTEIRA_CLOSED'));
    await expect(provider.call(forever, well)).rejects.toEqual(code('ESTEIRA_CLOSED'));
    gate.open('done');
    await expect(running).resolves.toBe('done');
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
