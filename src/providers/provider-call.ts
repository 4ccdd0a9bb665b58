import { EsteiraError } from '../core/errors.ts';
import type { Admission, Breaker } from './breaker.ts';
import { CallSpan } from './call-span.ts';
import { type FirstEnding, startBounded } from './deadline.ts';
import type { ProviderCall, ProviderSettings } from './provider-options.ts';
import type { Slots } from './slots.ts';

/** Work done at a provider; it must hand `signal` on to whatever it waits for. */
export type ProviderAction<T> = (signal: AbortSignal) => Promise<T>;

type Outcome = ProviderCall['outcome'];

/** The parts of a provider that its steps share. */
export interface ProviderParts {
  readonly settings: ProviderSettings;
  readonly slots: Slots;
  readonly breaker: Breaker;
  /** Calls that were given up on and whose work has not ended. */
  hung: number;
  closed: boolean;
}

/** Says a bug in the app's own hook or judge aloud without changing how a call ends: it may have had its effect. */
const warn = (bug: unknown): void => process.emitWarning(bug instanceof Error ? bug : String(bug));

/** Tells a hook. */
export const tell = <T>(hook: ((about: T) => void) | undefined, about: T): void => {
  try {
    hook?.(about);
  } catch (bug) {
    warn(bug);
  }
};

const openError = ({ settings, breaker }: ProviderParts, why: string): EsteiraError => {
  const retryAfterMs = breaker.opensInMs();
  return new EsteiraError('ESTEIRA_PROVIDER_OPEN', `provider ${settings.name} was not called: ${why}`, {
    facts: { provider: settings.name, ...(retryAfterMs > 0 ? { retryAfterMs } : {}) },
  });
};

const timeoutError = ({ settings }: ProviderParts, what: string, factor = 1): EsteiraError => {
  const timeoutMs = settings.timeoutMs * factor;
  return new EsteiraError(
    'ESTEIRA_PROVIDER_TIMEOUT',
    `provider ${settings.name} ${what} within ${timeoutMs} ms`,
    {
      facts: { provider: settings.name, timeoutMs },
    },
  );
};

const closedError = ({ settings }: ProviderParts): EsteiraError =>
  new EsteiraError('ESTEIRA_CLOSED', `provider ${settings.name} is closed`, {
    facts: { provider: settings.name },
  });

/** Throws where calling makes no sense now. */
const requireReachable = (parts: ProviderParts): void => {
  if (parts.closed) throw closedError(parts);
  if (parts.breaker.state() === 'open') throw openError(parts, 'its breaker is open');
  if (parts.hung >= parts.settings.maxConcurrent) {
    throw openError(parts, 'calls that were given up on and have not ended hold every slot');
  }
};

/** In twice the time-out each slot has come free once, or is known to be hung. */
const WAIT_FACTOR = 2;

/** Holds a slot, or throws. Waiting happens before the breaker is asked, so that it never counts as a failure. */
const takeSlot = async (parts: ProviderParts, signal: AbortSignal): Promise<void> => {
  requireReachable(parts);
  const taken = await parts.slots.take(signal, parts.settings.timeoutMs * WAIT_FACTOR);
  if (taken === 'aborted') throw signal.reason;
  if (taken === 'sent-away') return takeSlot(parts, signal);
  if (taken !== 'taken') throw timeoutError(parts, 'had no free slot', WAIT_FACTOR);
};

/** Leave to call, with a slot held; gives the slot back where there is none. */
const admit = async (parts: ProviderParts, signal: AbortSignal): Promise<Admission> => {
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
const watchEnd = ({ slots }: ProviderParts, ended: Promise<unknown>): void => {
  void ended.then(() => slots.give());
};

const watchHung = (parts: ProviderParts, ended: Promise<unknown>): void => {
  parts.hung += 1;
  if (parts.hung >= parts.settings.maxConcurrent) parts.slots.sendAway();
  void ended.then(() => {
    parts.hung -= 1;
  });
};

/** A judge that throws is a bug of the app's; the call it was asked about counts as failed. */
const verdictOn = ({ settings }: ProviderParts, error: unknown): 'failed' | 'declined' => {
  try {
    return settings.judge(error);
  } catch (bug) {
    warn(bug);
    return 'failed';
  }
};

const outcomeOf = (parts: ProviderParts, ending: FirstEnding<unknown>): Outcome =>
  ending.how === 'threw' ? verdictOn(parts, ending.error) : ending.how;

const HEALTH = {
  answered: 'answered',
  failed: 'failed',
  'timed-out': 'failed',
  declined: 'neither',
  aborted: 'neither',
  refused: 'neither',
} as const;

const runAdmitted = async <T>(
  parts: ProviderParts,
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

/** One call, from asking for a slot to telling how it went. */
export const callProvider = async <T>(
  parts: ProviderParts,
  signal: AbortSignal,
  action: ProviderAction<T>,
): Promise<T> => {
  const { name: provider, onCall } = parts.settings;
  const askedAt = performance.now();
  let startedAt: number | undefined;
  let outcome: Outcome = 'refused';
  let failure: unknown;
  const span = new CallSpan(provider, parts.breaker.state());
  try {
    const admission = await admit(parts, signal);
    startedAt = performance.now();
    const done = await span.within(() => runAdmitted(parts, admission, signal, action));
    outcome = done.outcome;
    if (done.ending.how === 'answered') return done.ending.value;
    throw done.ending.error;
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    const endedAt = performance.now();
    if (startedAt === undefined && signal.aborted) outcome = 'aborted';
    const waitMs = (startedAt ?? endedAt) - askedAt;
    const call = { provider, outcome, waitMs, runMs: endedAt - (startedAt ?? endedAt) };
    span.end(call, parts.breaker.state(), failure);
    tell(onCall, call);
  }
};
