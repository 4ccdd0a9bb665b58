import { jobTypesOf } from '../../consumers/dead-letters/scan.ts';
import { EsteiraError } from '../../core/errors.ts';
import type { JobDefinition } from '../../core/job.ts';
import type { SequenceId, SequenceState } from '../../core/ports/order-state.ts';
import { findHeldCandidates } from './held-candidates.ts';
import type { InspectionParts } from './job-evidence.ts';
import { ReadBudget } from './read-budget.ts';
import { type ParkedCopy, type ParkedSequence, scanSequences, sequenceName } from './sequence-scan.ts';

/** A stuck key with what is needed to act on it. */
export interface OpenSequence {
  readonly id: SequenceId;
  readonly key: string;
  readonly state: SequenceState;
  /** Copies on the waiting topic that have not ended, by place. */
  readonly copies: readonly ParkedCopy[];
  readonly sinceMs: number | undefined;
}

/** Records to look at, at most. */
const MOST_RECORDS = 200_000;

const openOf = (parked: ParkedSequence, state: SequenceState): OpenSequence => {
  const copies = [...parked.copies.values()]
    .filter(({ place }) => place > (state.passed ?? -1))
    .sort((a, b) => a.place - b.place);
  return { id: parked.id, key: parked.key, state, copies, sinceMs: copies[0]?.parkedAtMs };
};

/**
 * The sequences of a job type that have copies on its waiting topic which have not ended.
 *
 * @throws EsteiraError ESTEIRA_BROKER_UNAVAILABLE, ESTEIRA_TOPICS_DIFFER, ESTEIRA_STATE_UNAVAILABLE
 */
export const openSequences = async (
  { app, backend }: InspectionParts,
  job: JobDefinition<unknown>,
  budget: ReadBudget,
): Promise<readonly OpenSequence[]> => {
  const parked = await scanSequences(app, backend.broker.admin, job, budget);
  const states = await backend.state.order.inspect(parked.map(({ id }) => id));
  return parked
    .flatMap((one, index) => {
      const state = states[index];
      return state === undefined ? [] : [openOf(one, state)];
    })
    .filter(({ copies }) => copies.length > 0);
};

/** The sequences of a job type that are held after a dead letter. @throws as {@link openSequences} */
export const heldSequences = async (
  { app, backend }: InspectionParts,
  job: JobDefinition<unknown>,
  nowMs: number,
  budget: ReadBudget,
): Promise<readonly OpenSequence[]> => {
  if (job.afterDead !== 'hold') return [];
  const { admin } = backend.broker;
  // What the store keeps of a sequence lives no longer.
  const candidates = await findHeldCandidates(app, admin, job, nowMs - job.doneTtlMs, budget);
  const states = await backend.state.order.inspect(candidates.map(({ id }) => id));
  return candidates.flatMap(({ id, key, diedAtMs }, index) => {
    const state = states[index];
    return state?.held === undefined ? [] : [{ id, key, state, copies: [], sinceMs: diedAtMs }];
  });
};

/** @throws EsteiraError ESTEIRA_JOB_TYPE_UNKNOWN, ESTEIRA_USAGE when it has no order */
export const orderedJob = ({ app }: InspectionParts, jobType: string): JobDefinition<unknown> => {
  const [job] = jobTypesOf(app, jobType);
  if (job?.ordered === true) return job;
  const ordered = app.jobs.filter((one) => one.ordered).map(({ type }) => type);
  throw new EsteiraError(
    'ESTEIRA_USAGE',
    `job type ${jobType} has no order, so it has no keys: ${ordered.length === 0 ? 'no job type of the app has' : `those with order are ${ordered.join(', ')}`}`,
    { facts: { jobType } },
  );
};

/** The place all others of a sequence wait behind; undefined where nothing waits. */
export const frontOf = ({ state, copies }: OpenSequence): number | undefined =>
  state.head?.place ?? copies[0]?.place;

/** Every sequence of a job type that is parked or held, each once. @throws as {@link openSequences} */
export const stuckSequences = async (
  parts: InspectionParts,
  job: JobDefinition<unknown>,
  nowMs: number,
): Promise<{ readonly sequences: readonly OpenSequence[]; readonly isCut: boolean }> => {
  const budget = new ReadBudget(MOST_RECORDS);
  const found = new Map<string, OpenSequence>();
  for (const one of await heldSequences(parts, job, nowMs, budget)) found.set(sequenceName(one.id), one);
  for (const one of await openSequences(parts, job, budget)) found.set(sequenceName(one.id), one);
  return { sequences: [...found.values()], isCut: budget.isCut };
};
