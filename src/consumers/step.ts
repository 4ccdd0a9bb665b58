/** What became of one try to get an entry done. */
export type Step =
  | { readonly kind: 'settle' }
  | { readonly kind: 'again'; readonly delayMs: number }
  /** Somebody else knows what comes next, and is told that the entry has left. */
  | { readonly kind: 'report'; readonly report: () => void };

const SETTLE: Step = { kind: 'settle' };

/** When a claim that was another's is asked for again, ms. */
export const ASK_AGAIN_MS = 100;

/** The entry is looked at again after a while. */
export const again = (delayMs: number): Step => ({ kind: 'again', delayMs: Math.max(0, delayMs) });

/** The step that follows what a settlement came to. */
export const stepOf = (settled: 'settle' | 'ask-again'): Step =>
  settled === 'settle' ? SETTLE : again(ASK_AGAIN_MS);
