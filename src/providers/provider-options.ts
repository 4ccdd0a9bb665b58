import { type Duration, durationMs } from '../core/duration.ts';
import { EsteiraError } from '../core/errors.ts';
import { isKebabCase } from '../core/names.ts';
import type { BreakerSettings, BreakerState } from './breaker.ts';
import { judgeProviderError, type ProviderVerdict } from './judge-error.ts';

export interface BreakerOptions {
  /** Calls within the window before the breaker may open; default 10. */
  readonly volumeThreshold?: number;
  /** Failures in percent, of calls that answered or failed, above which it opens; default 50. */
  readonly errorThresholdPercentage?: number;
  /** Over how long calls are counted; default 10 s. */
  readonly window?: Duration;
  /** How long nothing is let through before one call tries again; default 30 s. */
  readonly openFor?: Duration;
}

/** How one call went, for metrics. */
export interface ProviderCall {
  readonly provider: string;
  /**
   * `declined`: the provider answered that it will not. `refused`: it was not called, because the breaker is open or no
   * slot came free. `aborted`: the caller gave up.
   */
  readonly outcome: 'answered' | 'declined' | 'failed' | 'timed-out' | 'aborted' | 'refused';
  /** How long it waited for a slot, ms. */
  readonly waitMs: number;
  /** How long it ran until its caller had an answer, ms; the work itself may go on longer. */
  readonly runMs: number;
}

/** Told as it happens. What a hook throws becomes a process warning and never touches the call. */
export interface ProviderHooks {
  readonly onCall?: (call: ProviderCall) => void;
  readonly onState?: (change: { readonly provider: string; readonly state: BreakerState }) => void;
  /** An answer came from a fallback; `error` is why. */
  readonly onFallback?: (fallback: { readonly provider: string; readonly error: unknown }) => void;
}

export interface ProviderOptions extends ProviderHooks {
  /** Kebab-case; what errors and metrics call it. */
  readonly name: string;
  /** How long one call may take; it waits at most twice as long for a slot. */
  readonly timeout: Duration;
  /** Calls that really run at once; one that was given up on counts until its promise ends. */
  readonly maxConcurrent: number;
  readonly breaker?: BreakerOptions;
  /** What an error says of the provider's health; default {@link judgeProviderError}. */
  readonly judge?: (error: unknown) => ProviderVerdict;
  /**
   * Whether its calls act on the world (send, pay, publish), or only read, embed, measure or prepare. `esteira compliance`
   * asks it of what `ai` jobs call; default: nobody knows.
   */
  readonly acts?: boolean;
}

/** What a caller says of one call. */
export interface CallOptions {
  /** What makes two calls the same effect, such as the job's idempotency key; `esteira compliance` compares it. */
  readonly key?: string;
}

/** Options worked out and checked. */
export interface ProviderSettings extends ProviderHooks {
  readonly name: string;
  readonly timeoutMs: number;
  readonly maxConcurrent: number;
  readonly breaker: BreakerSettings;
  readonly judge: (error: unknown) => ProviderVerdict;
  readonly acts?: boolean;
}

const refuse = (where: string, what: string): never => {
  throw new EsteiraError('ESTEIRA_DEFINITION_INVALID', `${where}: ${what}`);
};

const wholeNumber = (value: number, where: string, most: number): number =>
  Number.isInteger(value) && value >= 1 && value <= most
    ? value
    : refuse(where, `is ${value}: give a whole number from 1 to ${most}`);

const positiveMs = (duration: Duration, where: string): number => {
  const ms = durationMs(duration, where);
  return ms > 0 ? ms : refuse(where, 'is 0: give a time above it');
};

const MOST_CALLS = 1_000_000;

/** Works options out. @throws EsteiraError ESTEIRA_DEFINITION_INVALID saying which one, and what to give. */
export const resolveProviderOptions = (options: ProviderOptions): ProviderSettings => {
  const { name, acts, onCall, onState, onFallback } = options;
  const where = `provider ${name}`;
  if (!isKebabCase(name)) refuse(where, 'its name is not kebab-case (such as mail or card-gateway)');
  const breaker = options.breaker ?? {};
  return {
    name,
    timeoutMs: positiveMs(options.timeout, `${where}: timeout`),
    maxConcurrent: wholeNumber(options.maxConcurrent, `${where}: maxConcurrent`, MOST_CALLS),
    breaker: {
      volumeThreshold: wholeNumber(
        breaker.volumeThreshold ?? 10,
        `${where}: breaker.volumeThreshold`,
        MOST_CALLS,
      ),
      errorThresholdPercentage: wholeNumber(
        breaker.errorThresholdPercentage ?? 50,
        `${where}: breaker.errorThresholdPercentage`,
        100,
      ),
      windowMs: positiveMs(breaker.window ?? '10s', `${where}: breaker.window`),
      openForMs: positiveMs(breaker.openFor ?? '30s', `${where}: breaker.openFor`),
    },
    judge: options.judge ?? judgeProviderError,
    ...(acts === undefined ? {} : { acts }),
    ...(onCall === undefined ? {} : { onCall }),
    ...(onState === undefined ? {} : { onState }),
    ...(onFallback === undefined ? {} : { onFallback }),
  };
};
