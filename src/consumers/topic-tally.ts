import type { ErrorClass } from '../core/outcome.ts';
import { BUCKETS_SECONDS, Spread } from '../core/spread.ts';

/** What a worker has counted of the records of one topic since it began. */
export class TopicTally {
  /** Records handed over, each once an assignment. */
  consumed = 0;
  /** How long handlers ran that returned, seconds. */
  readonly returned = new Spread(BUCKETS_SECONDS);
  /** How long handlers ran that failed, seconds, by the class of the error. */
  readonly failed = new Map<ErrorClass, Spread>();

  /** A handler has failed. */
  threw(runMs: number, error: ErrorClass): void {
    const spread = this.failed.get(error) ?? new Spread(BUCKETS_SECONDS);
    this.failed.set(error, spread);
    spread.record(runMs / 1_000);
  }
}
