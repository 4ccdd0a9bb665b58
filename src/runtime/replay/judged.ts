import type { Accepted } from '../../consumers/dead-letters/index.ts';
import type { JobDefinition } from '../../core/job.ts';
import type { ConsumedRecord } from '../../core/record.ts';

/**
 * What is to become of a record of a plan. `done`: its job is done. `forced`: it is, and is to run once more.
 * `undecodable`: workers of this app would bury it again before it ran. `expired`: they would, for its age. `shelved`: it was replayed as often as it may be.
 * `refused`: it must not go back by itself. `held`: what its ordering key waits for must not be overtaken. `ahead`: its job
 * type has not come to it yet. `other`: it is nothing to its job type.
 */
export type Verdict =
  | 'replay'
  | 'forced'
  | 'done'
  | 'undecodable'
  | 'expired'
  | 'shelved'
  | 'refused'
  | 'held'
  | 'ahead'
  | 'other';

/** A record as it was found, and what is to become of it. */
export interface Judged {
  readonly record: ConsumedRecord;
  readonly verdict: Verdict;
  /** Absent where it is refused, and where it is nothing to its job type. */
  readonly accepted?: Accepted;
  /** Why, where the verdict needs a reason. */
  readonly detail?: string;
}

/** Says what is to become of records of one topic. Changes nothing. */
export interface RecordJudge {
  /**
   * The verdict on each, in the order given; all are of one partition.
   *
   * @throws EsteiraError ESTEIRA_REGISTRY_UNAVAILABLE, ESTEIRA_STATE_UNAVAILABLE, ESTEIRA_BROKER_UNAVAILABLE
   */
  judge(job: JobDefinition<unknown>, records: readonly ConsumedRecord[]): Promise<readonly Judged[]>;
}

/** Whether a copy is to be written. */
export const isToWrite = ({ verdict }: Pick<Judged, 'verdict'>): boolean =>
  verdict === 'replay' || verdict === 'forced';
