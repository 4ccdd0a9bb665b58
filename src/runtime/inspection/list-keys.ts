import { headErrors } from './head-errors.ts';
import type { InspectionParts } from './job-evidence.ts';
import { frontOf, type OpenSequence, orderedJob, stuckSequences } from './open-sequences.ts';

/** The record of a key that all others of it wait behind. */
export interface KeyHead {
  /** `topic/partition/offset` of its record. */
  readonly position: string;
  readonly jobId: string | null;
  /** The attempt that comes next; null for one that has not failed yet. */
  readonly attempt: number | null;
  /** When that is due, ISO 8601. */
  readonly dueAt: string | null;
  /** Why it dies at its next claim; null when it does not. */
  readonly dies: string | null;
  /** The error of its last attempt, as told within the last day. */
  readonly error: string | null;
}

/** A sequence that does not go its direct way. */
export interface StuckKey {
  readonly jobType: string;
  readonly tenant: string;
  /** The ordering key. */
  readonly key: string;
  /** `topic/partition` its records come from: one key on two topics is two sequences. */
  readonly partition: string;
  /** Copies on the waiting topic that have not ended. */
  readonly parked: number;
  /** Records that have died since the key is held; null when it is not. */
  readonly held: number | null;
  readonly head: KeyHead | null;
  /** Since when it is parked or held, ISO 8601; null where nobody knows. */
  readonly since: string | null;
}

export interface KeysReport {
  readonly keys: readonly StuckKey[];
  /** Whether there were more records than were looked at. */
  readonly isCut: boolean;
}

const iso = (ms: number | undefined): string | null => (ms === undefined ? null : new Date(ms).toISOString());

const headOf = (sequence: OpenSequence, errors: ReadonlyMap<string, string>): KeyHead | null => {
  const { id, state, copies } = sequence;
  const place = frontOf(sequence);
  if (place === undefined) return null;
  const jobId = copies.find((copy) => copy.place === place)?.jobId;
  const { head } = state;
  return {
    position: `${id.partition}/${place}`,
    jobId: jobId ?? null,
    attempt: head?.attempt ?? null,
    dueAt: head === undefined || head.dead !== undefined ? null : iso(head.dueMs),
    dies: head?.dead ?? null,
    error: errors.get(jobId ?? '') ?? null,
  };
};

/**
 * The ordering keys of a job type that are parked or held, those that have been so the longest first.
 *
 * @throws EsteiraError ESTEIRA_JOB_TYPE_UNKNOWN, ESTEIRA_USAGE (no order), ESTEIRA_TOPICS_DIFFER,
 *   ESTEIRA_BROKER_UNAVAILABLE, ESTEIRA_STATE_UNAVAILABLE, ESTEIRA_REGISTRY_UNAVAILABLE
 */
export const listKeys = async (
  parts: InspectionParts,
  jobType: string,
  nowMs: number,
): Promise<KeysReport> => {
  const job = orderedJob(parts, jobType);
  const { sequences, isCut } = await stuckSequences(parts, job, nowMs);
  const errors = await headErrors(parts, sequences, nowMs);
  const keys = sequences
    .toSorted((a, b) => (a.sinceMs ?? 0) - (b.sinceMs ?? 0))
    .map((one): StuckKey => {
      const { id, key, state, copies, sinceMs } = one;
      return {
        ...{ jobType: job.type, tenant: id.tenant, key, partition: id.partition, parked: copies.length },
        ...{ held: state.held ?? null, head: headOf(one, errors), since: iso(sinceMs) },
      };
    });
  return { keys, isCut };
};
