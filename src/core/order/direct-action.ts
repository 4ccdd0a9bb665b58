/** What the driver has to do, in this order. */
export type DirectAction<R> =
  /** Call `OrderState.claim` with `where: 'direct'` and this `known`; report by `answered`. */
  | { readonly kind: 'claim'; readonly record: R; readonly known?: number }
  /** Call `OrderState.park` with this `known`; report by `parkAnswered`. */
  | { readonly kind: 'park'; readonly record: R; readonly known?: number }
  /** Write the copy to the waiting partition; report by `written` once acknowledged. */
  | { readonly kind: 'write'; readonly record: R }
  /** The record's stay at its offset has ended. */
  | { readonly kind: 'settle'; readonly record: R };
