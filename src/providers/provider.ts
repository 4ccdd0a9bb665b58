import { EsteiraError } from '../core/errors.ts';
import { type Admission, type Breaker, type BreakerState, createBreaker } from './breaker.ts';
import { type FirstEnding, startBounded } from './deadline.ts';
import {
  type ProviderCall,
  type ProviderOptions,
  type ProviderSettings,
  resolveProviderOptions,
} from './provider-options.ts';
import { createSlots, type Slots } from './slots.ts';

/** Work done at a provider; it must hand `signal` on to whatever it waits for. */
export type ProviderAction<T> = (signal: AbortSignal) => Promise<T>;

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

type Outcome = ProviderCall['outcome'];

/** What a hook throws must not change how a call ends: it may already have had its effect. */
const tell = <T>(hook: ((about: T) => void) | undefined, about: T): void => {
  try {
    hook?.(about);
  } catch (error) {
    process.emitWarning(error instanceof Error ? error : String(error));
  }
};

/** The parts of a provider that its steps share. */
interface Parts {
  readonly settings: ProviderSettings;
  readonly slots: Slots;
  readonly breaker: Breaker;
  /** Calls that were given up on and whose work has not ended. */
  hung: number;
  closed: boolean;
}

const openError = ({ settings, breaker }: Parts, why: string): EsteiraError =>
  new EsteiraError('ESTEIRA_PROVIDER_OPEN', `provider ${settings.name} was not called: ${why}`, {
    facts: { provider: settings.name, retryAfterMs: breaker.opensInMs() },
  });

const timeoutError = ({ settings }: Parts, what: string): EsteiraError =>
  new EsteiraError(
    'ESTEIRA_PROVIDER_TIMEOUT',
    `provider ${settings.name} ${what} within ${settings.timeoutMs} ms`,
    {
      facts: { provider: settings.name, timeoutMs: settings.timeoutMs },
    },
  );

const closedError = ({ settings }: Parts): EsteiraError =>
  new EsteiraError('ESTEIRA_CLOSED', `provider ${settings.name} is closed`, {
    facts: { provider: settings.name },
  });

/** Throws where calling makes no sense now. */
const requireReachable = (parts: Parts): void => {
  if (parts.closed) throw closedError(parts);
  if (parts.breaker.state() === 'open') throw openError(parts, 'its breaker is open');
  if (parts.hung >= parts.settings.maxConcurrent) {
    throw openError(parts, 'calls that were given up on and have not ended hold every slot');
  }
};

/** Holds a slot, or throws. Waiting happens before the breaker is asked, so that it never counts as a failure. */
const takeSlot = async (parts: Parts, signal: AbortSignal): Promise<void> => {
  requireReachable(parts);
  const taken = await parts.slots.take(signal, parts.settings.timeoutMs);
  if (taken === 'closed') throw closedError(parts);
  if (taken === 'aborted') throw signal.reason;
  if (taken === 'timed-out') throw timeoutError(parts, 'had no free slot');
};

/** Leave to call, with a slot held; gives the slot back where there is none. */
const admit = async (parts: Parts, signal: AbortSignal): Promise<Admission> => {
  await takeSlot(parts, signal);
  try {
    signal.throwIfAborted();
    requireReachable(parts);
    const admission = parts.breaker.admit();
    if (admission === undefined) throw openError(parts, 'another call is finding out whether it is back');
    return admission;
  } catch (error) {
    parts.slots.give();
    throw error;
  }
};

/** Gives the slot back when the work has really ended, not when its caller stopped waiting for it. */
const watchEnd = ({ slots }: Parts, ended: Promise<unknown>): void => {
  void ended.then(() => slots.give());
};

const watchHung = (parts: Parts, ended: Promise<unknown>): void => {
  parts.hung += 1;
  void ended.then(() => {
    parts.hung -= 1;
  });
};

const outcomeOf = (parts: Parts, ending: FirstEnding<unknown>): Outcome =>
  ending.how === 'threw' ? parts.settings.judge(ending.error) : ending.how;

const HEALTH = {
  answered: 'answered',
  failed: 'failed',
  'timed-out': 'failed',
  declined: 'neither',
  aborted: 'neither',
  refused: 'neither',
} as const;

const runAdmitted = async <T>(
  parts: Parts,
  admission: Admission,
  signal: AbortSignal,
  action: ProviderAction<T>,
) => {
  const call = startBounded(action, {
    callerSignal: signal,
    timeoutMs: parts.settings.timeoutMs,
    timeoutError: () => timeoutError(parts, 'did not answer'),
  });
  watchEnd(parts, call.ended);
  const ending = await call.first;
  if (ending.how === 'timed-out' || ending.how === 'aborted') watchHung(parts, call.ended);
  const outcome = outcomeOf(parts, ending);
  await admission.settle(HEALTH[outcome]);
  return { ending, outcome };
};

const callProvider = async <T>(parts: Parts, signal: AbortSignal, action: ProviderAction<T>): Promise<T> => {
  const { name: provider, onCall } = parts.settings;
  const askedAt = performance.now();
  let startedAt: number | undefined;
  let outcome: Outcome = 'refused';
  try {
    const admission = await admit(parts, signal);
    startedAt = performance.now();
    const done = await runAdmitted(parts, admission, signal, action);
    outcome = done.outcome;
    if (done.ending.how === 'answered') return done.ending.value;
    throw done.ending.error;
  } finally {
    const endedAt = performance.now();
    if (startedAt === undefined && signal.aborted) outcome = 'aborted';
    tell(onCall, {
      provider,
      outcome,
      waitMs: (startedAt ?? endedAt) - askedAt,
      runMs: endedAt - (startedAt ?? endedAt),
    });
  }
};

/** Defines a provider. @throws EsteiraError ESTEIRA_DEFINITION_INVALID saying which option, and what to give. */
export const defineProvider = (options: ProviderOptions): Provider => {
  const settings = resolveProviderOptions(options);
  const { name, breaker, onState, onFallback } = settings;
  const parts: Parts = {
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
      parts.slots.close();
      parts.breaker.close();
    },
  };
};
