import { AsyncLocalStorage } from 'node:async_hooks';
import type { ProviderParts } from './provider-call.ts';
import type { ProviderSettings } from './provider-options.ts';
import { makeProviderParts } from './provider-parts.ts';

/** A call as a rehearsal sees it. Its action is not run: nothing leaves the process. */
export interface RehearsedCall {
  readonly provider: string;
  /** What the provider says of itself; undefined where it says nothing. */
  readonly acts: boolean | undefined;
  /** What the caller says makes two calls the same effect. */
  readonly key: string | undefined;
  /** Aborts with the caller's, and at the provider's time-out. */
  readonly signal: AbortSignal;
}

/** How services behave while handlers are tried out. */
export interface RehearsalOptions {
  /** The settings a provider plays with, such as a shorter time-out; asked once for each provider. */
  readonly settings: (own: ProviderSettings) => ProviderSettings;
  /** What the service does, in place of the action. */
  readonly act: (call: RehearsedCall) => Promise<unknown>;
}

/** A try-out of handlers in which no provider calls its service. Time-outs, slots and breakers are real, and its own. */
export interface Rehearsal {
  /** Runs work, and everything it starts, in the rehearsal. */
  run<T>(work: () => T): T;
  /** Closes the providers' stand-ins. */
  close(): void;
}

/** A provider in a rehearsal. */
interface Rehearsed {
  readonly parts: ProviderParts;
  act(key: string | undefined, signal: AbortSignal): Promise<unknown>;
}

const running = new AsyncLocalStorage<(own: ProviderSettings) => Rehearsed>();

/** The provider's stand-in, where this code runs in a rehearsal. */
export const rehearsed = (own: ProviderSettings): Rehearsed | undefined => running.getStore()?.(own);

/** Opens a rehearsal. */
export const openRehearsal = ({ settings, act }: RehearsalOptions): Rehearsal => {
  const all = new Map<ProviderSettings, ProviderParts>();
  const partsOf = (own: ProviderSettings): ProviderParts => {
    const known = all.get(own);
    if (known !== undefined) return known;
    const made = makeProviderParts(settings(own));
    all.set(own, made);
    return made;
  };
  const standIn = (own: ProviderSettings): Rehearsed => ({
    parts: partsOf(own),
    act: (key, signal) => act({ provider: own.name, acts: own.acts, key, signal }),
  });
  return {
    run: (work) => running.run(standIn, work),
    close: () => {
      for (const parts of all.values()) {
        parts.closed = true;
        parts.slots.sendAway();
        parts.breaker.close();
      }
    },
  };
};
