/** How the direct way waits. All in ms. */
export interface DirectSettings {
  /** A head due within this time stays in the buffer, with its followers. */
  readonly holdForMs: number;
  /** A head that runs longer leaves its copy on the waiting topic and runs on. */
  readonly detachAfterMs: number;
  /** With a full window, a running head with followers is left behind after this time. */
  readonly patienceMs: number;
  /** Pause before a question is asked again. */
  readonly askAgainMs: number;
  /** What was parked is remembered this long; shorter than what is kept of a sequence in the store (half its lifetime). */
  readonly rememberMs: number;
}

/** What the driver has to do, in this order. */
export type DirectAction<R> =
  /** Call `OrderState.claim` with `where: 'direct'` and this `known`; report by `answered`. */
  | { readonly kind: 'claim'; readonly record: R; readonly known?: number }
  /** Call `OrderState.park` with this `known` and `follows`; report by `parkAnswered`. */
  | { readonly kind: 'park'; readonly record: R; readonly known?: number; readonly follows: boolean }
  /** Write the copy to the waiting partition; report by `written` once acknowledged. */
  | { readonly kind: 'write'; readonly record: R }
  /** The record's stay at its offset has ended. */
  | { readonly kind: 'settle'; readonly record: R };
