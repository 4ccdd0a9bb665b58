import { describe, expect, it } from 'vitest';
import { classifyError } from '../../../src/core/classify.ts';
import { latch, pause, waitFor } from '../../support/wait.ts';
import { calls, code, down, forever, outcomes, quick, setup, well } from './provider-bench.ts';

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
