import type { JobDefinition } from '../../../core/job.ts';
import { openRehearsal, type RehearsedCall } from '../../../providers/rehearsal.ts';
import type { Handler } from '../engine/stage.ts';
import type { OutsideGuard, Reach } from './outside-guard.ts';

/** One call of a provider, and how it ended for the handler. */
export interface ProviderCallSeen extends Pick<RehearsedCall, 'provider' | 'acts' | 'key'> {
  /** The start it was made in, from 0. */
  readonly start: number;
}

/** Everything a handler did that can be seen while it is tried out. */
export interface Deeds {
  readonly calls: ProviderCallSeen[];
  readonly outcomes: { readonly provider: string; readonly outcome: string }[];
  readonly opened: string[];
  readonly fallbacks: string[];
  readonly reached: Reach[];
  /** The longest it computed without a pause, real ms. */
  heldMs: number;
  /** Times its own precondition said no. */
  unwanted: number;
}

/** How services behave. */
export type Service = (call: RehearsedCall) => Promise<unknown>;

/** An app's own handler, fit to be tried out: nothing it does leaves the process, and all of it is noted. */
export interface TriedHandler {
  readonly handler: Handler;
  readonly deeds: Deeds;
  close(): void;
}

/** Longest time-out of a provider in a rehearsal, and most calls before a breaker may open. */
const LONGEST_TIMEOUT_MS = 60;
const MOST_VOLUME = 5;

/** Puts a handler behind the guard, with `service` in the place of every provider's service. */
export const tryHandler = (
  job: JobDefinition<unknown>,
  service: Service,
  guard: OutsideGuard,
): TriedHandler => {
  const nothing = { calls: [], outcomes: [], opened: [], fallbacks: [], reached: [] };
  const deeds: Deeds = { ...nothing, heldMs: 0, unwanted: 0 };
  let starts = 0;
  const rehearsal = openRehearsal({
    settings: (own) => ({
      ...own,
      timeoutMs: Math.min(own.timeoutMs, LONGEST_TIMEOUT_MS),
      breaker: { ...own.breaker, volumeThreshold: Math.min(own.breaker.volumeThreshold, MOST_VOLUME) },
      onCall: ({ provider, outcome }) => void deeds.outcomes.push({ provider, outcome }),
      onState: ({ provider, state }) => void (state === 'open' && deeds.opened.push(provider)),
      onFallback: ({ provider }) => void deeds.fallbacks.push(provider),
    }),
    act: (call) => {
      const { provider, acts, key } = call;
      deeds.calls.push({ provider, acts, key, start: starts - 1 });
      return service(call);
    },
  });
  const handler: Handler = (payload, ctx) => {
    starts += 1;
    const run = async (): Promise<void> => {
      if (job.shouldRun !== undefined && !(await job.shouldRun(payload, ctx))) {
        deeds.unwanted += 1;
        return;
      }
      const beganMs = performance.now();
      const ended = job.run(payload, ctx);
      deeds.heldMs = Math.max(deeds.heldMs, performance.now() - beganMs);
      await ended;
    };
    return guard.run(
      (reach) => void deeds.reached.push(reach),
      () => rehearsal.run(run),
    );
  };
  return { handler, deeds, close: () => rehearsal.close() };
};

/** Calls past every provider, each once. */
export const pastProviders = ({ reached }: Pick<Deeds, 'reached'>): readonly string[] => [
  ...new Set(
    reached
      .filter(({ kind }) => kind !== 'output' && kind !== 'thrown')
      .map(({ kind, what }) => `${kind} ${what}`),
  ),
];

/** Names of the providers that were called, each once. */
export const calledProviders = ({ calls }: Deeds): readonly string[] => [
  ...new Set(calls.map(({ provider }) => provider)),
];
