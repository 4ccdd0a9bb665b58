import type { EventDefinition } from '../../../core/event.ts';
import type { JobDefinition } from '../../../core/job.ts';
import { countEvents } from '../engine/evidence.ts';
import { about, type Finding } from '../finding.ts';
import type { HandlerEvidence } from './plays.ts';
import { calledProviders, pastProviders } from './tried-handler.ts';

const NO_PROVIDER = 'with this sample it reached nothing outside: no provider, connection, file or process';

/** The breach of `adapters`: what it reached past every provider. */
export const reachedPast = (past: readonly string[]): Finding =>
  about('adapters').breach(
    `it reached outside past every provider: ${past.join(', ')}`,
    'go through an adapter with a provider (defineProvider); for the check, give adapters in memory to what is no external service',
  );

/** Judges `adapters`. */
export const judgeAdapters = ({ deeds }: HandlerEvidence): Finding => {
  const past = pastProviders(deeds);
  const { proved } = about('adapters');
  if (past.length > 0) return reachedPast(past);
  const called = calledProviders(deeds);
  return proved(called.length === 0 ? NO_PROVIDER : `it reached outside only through ${called.join(', ')}`);
};

/** What the second start called, against the first: the keys of the calls, provider by provider. */
const repeatedKeys = ({ deeds }: HandlerEvidence, start: number): readonly string[] =>
  deeds.calls
    .filter((call) => call.start === start)
    .map(({ provider, key }) => `${provider}\u0000${key}`)
    .sort();

/** Judges `crash-safe`. */
export const judgeCrash = (seen: HandlerEvidence): Finding => {
  const { proved, breach, unproved } = about('crash-safe');
  const { deeds, starts } = seen;
  const [first, second] = starts;
  if (first === undefined || second === undefined || second.ctx.fence <= first.ctx.fence)
    return breach('after a crash it was not started again with a higher fence', 'please report it');
  const calls = deeds.calls.filter(({ start }) => start < 2);
  if (calls.length === 0)
    return unproved(
      'started again with a higher fence, as it must be; its effects go through no provider, so nobody saw whether they came twice',
      'compare ctx.fence or a key of its own at the sink, and test that there',
    );
  const unkeyed = [...new Set(calls.filter(({ key }) => key === undefined).map(({ provider }) => provider))];
  if (unkeyed.length > 0)
    return unproved(
      `started again, it called ${unkeyed.join(', ')} again, and says no key by which the service could tell`,
      'say what makes two calls the same: provider.call(signal, action, { key: ctx.idempotencyKey }), and send it to the service',
    );
  if (repeatedKeys(seen, 0).join('\n') !== repeatedKeys(seen, 1).join('\n'))
    return breach(
      'started again after a crash, it asked for other effects: its keys differ from those of the first start',
      'make the key of the payload or of ctx.idempotencyKey: no time, no random value, no attempt',
    );
  return proved(
    `started again with a higher fence, it asked ${calledProviders(deeds).join(', ')} for the same effect under the same key`,
  );
};

const isLine = (text: string): boolean => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null;
  } catch {
    // That it is no JSON is the answer.
    return false;
  }
};

/** A breach of `logs` where the handler writes what is no JSON line; undefined where it does not. */
export const judgeOutput = ({ deeds }: HandlerEvidence): Finding | undefined => {
  const texts = deeds.reached.filter(({ kind }) => kind === 'output').flatMap(({ what }) => what.split('\n'));
  const plain = texts.filter((text) => text.trim() !== '' && !isLine(text));
  if (plain.length === 0) return undefined;
  return about('logs').breach(
    `the handler wrote ${plain.length === 1 ? 'a line that is' : `${plain.length} lines that are`} no JSON to the output`,
    'log through a structured logger, with the fields of its context',
  );
};

/** So long nothing else of the process may stand still, real ms. */
const LONGEST_HOLD_MS = 3_000;

/** A breach of `time-bounded` where the handler computes for seconds; undefined where it does not, or has a thread. */
export const judgeHold = (
  { deeds }: HandlerEvidence,
  { isolate }: JobDefinition<unknown>,
): Finding | undefined => {
  if (isolate !== undefined || deeds.heldMs < LONGEST_HOLD_MS) return undefined;
  return about('time-bounded').breach(
    `the handler computed for ${Math.round(deeds.heldMs / 1_000)} s without a pause: meanwhile nothing else of the process ran, and no time-out could end it`,
    'isolate: true gives it a thread, which ends at its time-out; or let it compute in pieces',
  );
};

/** Judges `provider-timeout`. */
export const judgeTimeout = ({ deeds, starts }: HandlerEvidence): Finding => {
  const { proved, breach } = about('provider-timeout');
  const late = deeds.outcomes
    .filter(({ outcome }) => outcome === 'timed-out')
    .map(({ provider }) => provider);
  const [first] = starts;
  // Time on the stage stands still while a handler runs, unless it runs for longer than anybody waits.
  const wasHeldUp = first?.endedMs === undefined || first.endedMs > first.atMs;
  if (first === undefined || wasHeldUp || late.length === 0)
    return breach(
      'a service that never answers held it up until its attempt timed out, or longer',
      'wait for nothing but the provider, and hand the signal on',
    );
  const how = first.how === 'returned' ? 'went on without it' : 'failed and is tried again';
  return proved(
    `${[...new Set(late)].join(', ')} never answered: the call ended at its time-out, and the job ${how}`,
  );
};

/** Judges `provider-breaker`. */
export const judgeBreaker = ({ deeds }: HandlerEvidence): Finding => {
  const { proved, unproved } = about('provider-breaker');
  const opened = [...new Set(deeds.opened)];
  const shy = calledProviders(deeds).filter((provider) => !opened.includes(provider));
  if (opened.length > 0 && shy.length === 0)
    return proved(`${opened.join(', ')} refused every connection: the breaker opened, and calls stopped`);
  return unproved(
    `${shy.join(', ')} refused every connection, and the breaker did not open within ${deeds.calls.length} calls`,
    'look at breaker and judge of the provider: a refused connection must count as failed',
  );
};

/** Judges `provider-fallback`: what becomes of the job when its service is down. */
export const judgeFallback = (seen: HandlerEvidence): Finding => {
  const { proved, breach } = about('provider-fallback');
  const { deeds, events } = seen;
  const completed = countEvents({ events }, 'job.completed');
  if (completed > 0 && deeds.fallbacks.length === 0)
    return breach(
      `with every service down ${completed} jobs completed, without a fallback: their effect is lost in silence`,
      'let the error through, or say what stands in for the answer (provider.callOrFallback)',
    );
  if (completed > 0)
    return proved('with its services down it completes by the fallback it names, which is told');
  if (countEvents({ events }, 'job.suspended') > 0)
    return proved(
      'with its services down it waits: starts are suspended and told, no attempt is spent on it',
    );
  return proved('with its services down its attempts fail and are tried again, up to a dead letter');
};

/** Whether only a person's yes sets it off. */
const isConfirmed = ({ triggers, after }: JobDefinition<unknown>): boolean =>
  triggers.length > 0 &&
  after.length === 0 &&
  triggers.every(({ event }: { readonly event: EventDefinition<unknown> }) => event.confirms === true);

/** Judges `ai-prepares-only` of an `ai` job. */
export const judgeAi = ({ deeds }: HandlerEvidence, job: JobDefinition<unknown>): Finding => {
  const { proved, breach, unproved } = about('ai-prepares-only');
  const past = pastProviders(deeds);
  if (past.length > 0)
    return breach(
      `it reached outside past every provider: ${past.join(', ')}: nobody can say what it did`,
      'go through a provider that says acts: false, or let another job act after a confirmation',
    );
  const acting = deeds.calls.filter(({ acts }) => acts !== false);
  if (acting.length === 0) {
    const called = calledProviders(deeds);
    return proved(
      called.length === 0
        ? NO_PROVIDER
        : `it called only ${called.join(', ')}, which embed, measure or prepare (acts: false)`,
    );
  }
  if (isConfirmed(job)) return proved('it acts, and only a confirmation event sets it off (confirms: true)');
  const names = [...new Set(acting.map(({ provider }) => provider))].join(', ');
  if (acting.some(({ acts }) => acts === true))
    return breach(
      `it acts through ${names}, and no confirmation sets it off`,
      'let it only prepare; a person confirms by an event (confirms: true), and another job acts on that',
    );
  return unproved(
    `it calls ${names}, and nobody says whether that acts`,
    'say it where the provider is defined: acts: false for what only embeds, measures or prepares',
  );
};
