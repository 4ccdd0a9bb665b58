import { type BreakerState, createBreaker } from './breaker.ts';
import { callProvider, type ProviderAction, type ProviderParts, tell } from './provider-call.ts';
import { type ProviderOptions, resolveProviderOptions } from './provider-options.ts';
import { createSlots } from './slots.ts';

export type { ProviderAction } from './provider-call.ts';

/** An answer that says where it comes from. */
export type Answer<T, F> =
  | { readonly from: 'provider'; readonly value: T }
  | { readonly from: 'fallback'; readonly value: F; readonly error: unknown };

/** A door to an external service: time-out, bounded concurrency and a circuit breaker. Made by {@link defineProvider}. */
export interface Provider {
  readonly name: string;
  /**
   * Calls the service. `signal` is the caller's (a job's `ctx.signal`); the action gets one of its own that also aborts
   * at the time-out.
   *
   * @throws EsteiraError ESTEIRA_PROVIDER_OPEN (not called: the breaker is open, or hung calls hold every slot; classed
   *   dependency-down), ESTEIRA_PROVIDER_TIMEOUT (no answer, or no free slot, in time), ESTEIRA_CLOSED; the reason of
   *   `signal` when the caller aborts; and what the action throws.
   */
  call<T>(signal: AbortSignal, action: ProviderAction<T>): Promise<T>;
  /**
   * The same with an answer to fall back on, which is told apart from the provider's own. An abort by the caller is no
   * reason to fall back.
   */
  callOrFallback<T, F>(
    signal: AbortSignal,
    action: ProviderAction<T>,
    fallback: (error: unknown) => F | Promise<F>,
  ): Promise<Answer<T, F>>;
  state(): BreakerState;
  /** Refuses what comes later and sends the waiting away; running calls end by themselves. Safe to call twice. */
  close(): void;
}

/** Defines a provider. @throws EsteiraError ESTEIRA_DEFINITION_INVALID saying which option, and what to give. */
export const defineProvider = (options: ProviderOptions): Provider => {
  const settings = resolveProviderOptions(options);
  const { name, breaker, onState, onFallback } = settings;
  const parts: ProviderParts = {
    settings,
    slots: createSlots(settings.maxConcurrent),
    breaker: createBreaker(name, breaker, (state) => tell(onState, { provider: name, state })),
    hung: 0,
    closed: false,
  };
  const call = <T>(signal: AbortSignal, action: ProviderAction<T>): Promise<T> =>
    callProvider(parts, signal, action);
  return {
    name,
    call,
    callOrFallback: async (signal, action, fallback) => {
      try {
        return { from: 'provider', value: await call(signal, action) };
      } catch (error) {
        if (signal.aborted) throw error;
        tell(onFallback, { provider: name, error });
        return { from: 'fallback', value: await fallback(error), error };
      }
    },
    state: () => parts.breaker.state(),
    close: () => {
      if (parts.closed) return;
      parts.closed = true;
      parts.slots.sendAway();
      parts.breaker.close();
    },
  };
};
