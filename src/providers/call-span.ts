import { context, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { errorFacts } from '../core/error-facts.ts';
import type { BreakerState } from './breaker.ts';
import type { ProviderCall } from './provider-options.ts';

/** The span of one call of a provider, `call <provider>`, of kind client. Without tracing it does nothing. */
export class CallSpan {
  readonly #span: Span;
  readonly #provider: string;
  readonly #before: BreakerState;

  constructor(provider: string, breaker: BreakerState) {
    this.#provider = provider;
    this.#before = breaker;
    this.#span = trace.getTracer('esteira').startSpan(`call ${provider}`, { kind: SpanKind.CLIENT });
  }

  /** Runs work with this span as the active one: requests that it makes belong below it. */
  within<T>(work: () => T): T {
    return context.with(trace.setSpan(context.active(), this.#span), work);
  }

  /** Says how the call went; of an error only what it is, never its message, which may hold an address or a name. */
  end({ outcome, waitMs }: ProviderCall, breaker: BreakerState, error: unknown): void {
    const span = this.#span;
    if (span.isRecording()) {
      span.setAttributes({
        'peer.service': this.#provider,
        'esteira.provider.name': this.#provider,
        'esteira.provider.outcome': outcome,
        'esteira.provider.wait_ms': Math.round(waitMs),
        'esteira.provider.breaker': this.#before,
      });
      if (breaker !== this.#before) span.addEvent('esteira.provider.breaker', { state: breaker });
      if (outcome !== 'answered') this.#markFailed(outcome, error);
    }
    span.end();
  }

  #markFailed(outcome: ProviderCall['outcome'], error: unknown): void {
    this.#span.setAttribute('error.type', typeOf(outcome, error));
    if (outcome !== 'aborted') this.#span.setStatus({ code: SpanStatusCode.ERROR });
  }
}

/** Few words: a status, a code, or the name of a class. */
const typeOf = (outcome: ProviderCall['outcome'], error: unknown): string => {
  if (outcome === 'aborted' || outcome === 'timed-out') return outcome;
  const { status, code, className } = errorFacts(error);
  return status === undefined ? (code ?? className) : String(status);
};

/** Says on the active span that an answer came from the fallback of a provider. */
export const markFallback = (provider: string): void => {
  trace.getActiveSpan()?.addEvent('esteira.provider.fallback', { 'esteira.provider.name': provider });
};
