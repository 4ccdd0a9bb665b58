import type { OrderClaimAnswer } from '../core/ports/order-state.ts';
import type { ClaimAnswer, CompleteAnswer } from '../core/ports/state.ts';

/** What a claim can be answered with. */
type ClaimKind = (ClaimAnswer | OrderClaimAnswer)['kind'];

/** Fences of lost claims that are remembered, so that none is counted again when its run ends. */
const MOST_LOST = 10_000;

/** What a worker has counted of the state store's answers since it began. */
export class StateTally {
  readonly claims: Record<ClaimKind, number> = {
    run: 0,
    done: 0,
    running: 0,
    dead: 0,
    decided: 0,
    superseded: 0,
    wait: 0,
    park: 0,
    behind: 0,
    rebuilding: 0,
  };
  /** Claims that turned out to be another's, at a renewal or at the end of their run. */
  leaseLosses = 0;
  readonly #lost = new Set<number>();

  /** Counts answers to claims, and passes them on. */
  claimed<A extends ClaimAnswer | OrderClaimAnswer>(answers: readonly A[]): readonly A[] {
    for (const { kind } of answers) this.claims[kind] += 1;
    return answers;
  }

  /** Counts a claim that a renewal has found to be another's while its run had not ended. */
  lost(fence: number): void {
    this.leaseLosses += 1;
    if (this.#lost.size >= MOST_LOST) this.#lost.clear();
    this.#lost.add(fence);
  }

  /** Counts runs that ended under a claim that was another's by then, and passes the answers on. */
  completed(
    requests: readonly { readonly fence: number }[],
    answers: readonly CompleteAnswer[],
  ): readonly CompleteAnswer[] {
    for (let index = 0; index < answers.length; index++) {
      if (answers[index] !== 'fenced') continue;
      if (!this.#lost.delete(requests[index]?.fence ?? 0)) this.leaseLosses += 1;
    }
    return answers;
  }
}
