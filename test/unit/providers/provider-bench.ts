import { afterEach, expect } from 'vitest';
import { defineProvider, type Provider } from '../../../src/providers/provider.ts';
import type { ProviderCall, ProviderOptions } from '../../../src/providers/provider-options.ts';

const providers: Provider[] = [];

/** Every call told, and every state of a breaker, of the running test. */
export const calls: ProviderCall[] = [];
export const states: string[] = [];

/** A provider that is closed after the test: 200 ms, 2 at once, breaker as by default. */
export const setup = (options: Partial<ProviderOptions> = {}): Provider => {
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

/** The signal of a caller that never gives up. */
export const forever = new AbortController().signal;
export const outcomes = (): readonly string[] => calls.map(({ outcome }) => outcome);
export const down = async (): Promise<never> => {
  throw Object.assign(new Error('down'), { status: 503 });
};
export const declined = async (): Promise<never> => {
  throw Object.assign(new Error('no such address'), { status: 422 });
};
export const well = async (): Promise<string> => 'sent';
export const code = (expected: string): unknown => expect.objectContaining({ code: expected });

/** A breaker that is quick to open and to try again. */
export const quick = { volumeThreshold: 3, openFor: 50, window: '10s' } as const;

export const failTimes = async (provider: Provider, times: number, action = down): Promise<void> => {
  for (let count = 0; count < times; count += 1) await provider.call(forever, action).catch(() => undefined);
};
