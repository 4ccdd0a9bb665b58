import { describe, expect, it } from 'vitest';
import { classifyError } from '../../../src/core/classify.ts';
import { retryAfterMs } from '../../../src/core/retry-after.ts';
import { latch, waitFor } from '../../support/wait.ts';
import {
  code,
  declined,
  failTimes,
  forever,
  outcomes,
  quick,
  setup,
  states,
  well,
} from './provider-bench.ts';

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
