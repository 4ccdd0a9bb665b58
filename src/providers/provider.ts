import type { BreakerState } from './breaker.ts';
import { markFallback } from './call-span.ts';
import { callProvider, type ProviderAction, tell } from './provider-call.ts';
import { type CallOptions, type ProviderOptions, resolveProviderOptions } from './provider-options.ts';
import { makeProviderParts } from './provider-parts.ts';
import { rehearsed } from './rehearsal.ts';

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
  call<T>(signal: AbortSignal, action: ProviderAction<T>, about?: CallOptions): Promise<T>;
  /**
   * The same with an answer to fall back on, which is told apart from the provider's own. An abort by the caller is no
   * reason to fall back.
   */
  callOrFallback<T, F>(
    signal: AbortSignal,
    action: ProviderAction<T>,
    fallback: (error: unknown) => F | Promise<F>,
    about?: CallOptions,
  ): Promise<Answer<T, F>>;
  state(): BreakerState;
  /** Refuses what comes later and sends the waiting away; running calls end by themselves. Safe to call twice. */
  close(): void;
}

/** Defines a provider. @throws EsteiraError ESTEIRA_DEFINITION_INVALID saying which option, and what to give. */
export const defineProvider = (options: ProviderOptions): Provider => {
  const settings = resolveProviderOptions(options);
  const { name } = settings;
  const parts = makeProviderParts(settings);
  const call = <T>(signal: AbortSignal, action: ProviderAction<T>, about?: CallOptions): Promise<T> => {
    const standIn = rehearsed(settings);
    if (standIn === undefined) return callProvider(parts, signal, action);
    // Whoever rehearses answers for the service: its answer has the type of the action's as far as anybody knows.
    return callProvider(standIn.parts, signal, (own) => standIn.act(about?.key, own) as Promise<T>);
  };
  return {
    name,
    call,
    callOrFallback: async (signal, action, fallback, about) => {
      try {
        return { from: 'provider', value: await call(signal, action, about) };
      } catch (error) {
        if (signal.aborted) throw error;
        markFallback(name);
        tell((rehearsed(settings)?.parts ?? parts).settings.onFallback, { provider: name, error });
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
