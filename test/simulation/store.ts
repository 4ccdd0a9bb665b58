import type { OrderState } from '../../src/core/ports/order-state.ts';
import type { StateStore } from '../../src/core/ports/state.ts';

/** An answer that is there at once, or comes later: the world stands still until it is there. */
export type Soon<T> = T | Promise<T>;

/** Goes on with an answer: at once when it is there, so that histories in memory need no turn of the event loop. */
export const when = <A, B>(soon: Soon<A>, then: (answer: A) => Soon<B>): Soon<B> =>
  soon instanceof Promise ? soon.then(then) : then(soon);

type Sooner<Call> = Call extends (requests: infer Requests) => Promise<infer Answers>
  ? (requests: Requests) => Soon<Answers>
  : never;

type Calls = 'claim' | 'park' | 'fail' | 'complete' | 'dead' | 'register';
type OperatorCalls = 'inspect' | 'lift' | 'prepare' | 'begin' | 'cancel';

/** What processes and operators of a history ask the store. */
export type SimStore = { readonly [Name in Calls | OperatorCalls]: Sooner<OrderState[Name]> } & {
  readonly [Name in 'renew' | 'release']: Sooner<StateStore[Name]>;
} & {
  /** Loses the writes since a time, as a server does that fails over or restarts; since 0 all of them. */
  lose(sinceMs: number): Soon<void>;
};

/** Makes a call for one request. */
export const one = <Request, Answer>(
  call: (requests: readonly Request[]) => Soon<readonly Answer[]>,
  request: Request,
): Soon<Answer> =>
  when(call([request]), ([answer]) => {
    if (answer === undefined) throw new Error('the store gave no answer');
    return answer;
  });
