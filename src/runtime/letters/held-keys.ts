import {
  type DeadLetter,
  deadLetterRanges,
  readFirst,
  scanRanges,
  toDeadLetter,
} from '../../consumers/dead-letters/index.ts';
import { placeOfLetter } from '../../consumers/ordered/replay-copy.ts';
import type { AppDefinition } from '../../core/app.ts';
import type { JobDefinition } from '../../core/job.ts';
import { names } from '../../core/names.ts';
import type { SequenceId } from '../../core/ports/order-state.ts';
import { type ConsumedRecord, formatPosition, partitionKey, type RecordPosition } from '../../core/record.ts';
import { UNKNOWN_TENANT } from '../../core/tenants.ts';
import type { ReplayParts } from '../replay/replay-parts.ts';
import type { LetterLedger } from './letter-ledger.ts';

/** Whether a dead letter of this job type holds what follows it. */
export const holdsKeys = ({ ordered, afterDead }: JobDefinition<unknown>): boolean =>
  ordered && afterDead === 'hold';

/** The sequence a dead letter is of, as its headers say; undefined where nobody can say. */
export const sequenceOfLetter = (
  app: AppDefinition,
  letter: DeadLetter,
  { key }: Pick<ConsumedRecord, 'key'>,
): SequenceId | undefined => {
  const { job, envelope } = letter;
  const place = envelope.job === undefined ? undefined : placeOfLetter({ app, job }, envelope.job);
  if (place === undefined) return undefined;
  const orderKey = envelope.job?.orderKey ?? key?.toString('base64') ?? '';
  return {
    jobType: job.type,
    tenant: envelope.tenant ?? UNKNOWN_TENANT,
    partition: partitionKey(place),
    orderKey,
  };
};

/** A name for a sequence, no two alike. */
export const sequenceName = ({ jobType, tenant, partition, orderKey }: SequenceId): string =>
  JSON.stringify([jobType, tenant, partition, orderKey]);

/** What is dead of one sequence. */
interface DeadOfSequence {
  readonly id: SequenceId;
  /** The key as people know it. */
  readonly key: string;
  /** The last letter of each job, by job id: whether it is given up, stays, or went back. */
  readonly jobs: Map<string, { readonly hop: number; readonly fate: 'given_up' | 'stays' | 'went_back' }>;
}

/** A held ordering key that a discard is about. */
export interface HeldKey {
  readonly jobType: string;
  readonly tenant: string;
  readonly key: string;
  /** `topic/partition` its records come from. */
  readonly partition: string;
  /**
   * `stays`: other dead letters of it are left, so it stays held. `would_lift`, `lifted`: none is, so what comes next
   * runs. `replayed`: a replay of it has begun, and lifts the hold at its end.
   */
  readonly outcome: 'stays' | 'would_lift' | 'lifted' | 'replayed';
  /** Dead letters of it that are left. */
  readonly left: number;
  /** For the order state. */
  readonly id: SequenceId;
}

const fateOf = (
  ledger: LetterLedger,
  letter: DeadLetter,
  isChosen: boolean,
): 'given_up' | 'stays' | 'went_back' => {
  const state = ledger.stateOf(letter);
  if (isChosen || state === 'discarded') return 'given_up';
  return state === 'open' || state === 'shelved' ? 'stays' : 'went_back';
};

const collect = async (
  { app, backend }: Pick<ReplayParts, 'app' | 'backend'>,
  ledger: LetterLedger,
  job: JobDefinition<unknown>,
  chosen: ReadonlySet<string>,
): Promise<readonly DeadOfSequence[]> => {
  const { admin } = backend.broker;
  const found = new Map<string, DeadOfSequence>();
  await scanRanges(admin, await deadLetterRanges(app, admin, [job], {}), {}, (letter, record) => {
    const headers = letter.envelope.job;
    const id = sequenceOfLetter(app, letter, record);
    if (id === undefined || headers === undefined) return;
    const key = headers.orderKey ?? record.key?.toString('utf8') ?? '';
    const known = found.get(sequenceName(id)) ?? { id, key, jobs: new Map() };
    found.set(sequenceName(id), known);
    if ((known.jobs.get(headers.id)?.hop ?? 0) > headers.hop) return;
    const fate = fateOf(ledger, letter, chosen.has(formatPosition(letter.at)));
    known.jobs.set(headers.id, { hop: headers.hop, fate });
  });
  return [...found.values()].filter(({ jobs }) => [...jobs.values()].some(({ fate }) => fate === 'given_up'));
};

/**
 * The held keys among those of which these letters, or others before them, are given up: with what is left of each. A key
 * whose last letter was given up by a process that died before it lifted the hold is among them.
 *
 * @throws EsteiraError ESTEIRA_STATE_UNAVAILABLE, ESTEIRA_BROKER_UNAVAILABLE
 */
export const heldKeysOf = async (
  parts: Pick<ReplayParts, 'app' | 'backend'>,
  ledger: LetterLedger,
  jobs: readonly JobDefinition<unknown>[],
  chosen: Iterable<RecordPosition>,
): Promise<readonly HeldKey[]> => {
  const holding = jobs.filter(holdsKeys);
  if (holding.length === 0) return [];
  const positions = new Set([...chosen].map(formatPosition));
  const keys: HeldKey[] = [];
  for (const job of holding) {
    const sequences = await collect(parts, ledger, job, positions);
    const states =
      sequences.length === 0 ? [] : await parts.backend.state.order.inspect(sequences.map(({ id }) => id));
    for (const [index, { id, key, jobs: dead }] of sequences.entries()) {
      const state = states[index];
      if (state?.held === undefined) continue;
      const left = [...dead.values()].filter(({ fate }) => fate === 'stays').length;
      const isReplayed = state.replay !== undefined && state.replay.state !== 'ended';
      const outcome = isReplayed ? 'replayed' : left > 0 ? 'stays' : 'would_lift';
      const { tenant, partition } = id;
      keys.push({ jobType: job.type, tenant, key, partition, outcome, left, id });
    }
  }
  return keys;
};

/**
 * How many letters of each sequence of a job type are discarded, by `sequenceName`: so many may be missing when what is
 * left of a held one is replayed.
 *
 * @throws EsteiraError ESTEIRA_BROKER_UNAVAILABLE
 */
export const discardedBySequence = async (
  { app, backend }: Pick<ReplayParts, 'app' | 'backend'>,
  ledger: LetterLedger,
  job: JobDefinition<unknown>,
): Promise<ReadonlyMap<string, number>> => {
  const counts = new Map<string, number>();
  const topic = names.deadLetters(app.name, job.type);
  const offsets = new Map<number, bigint[]>();
  for (const { partition, offset } of ledger.discardedOn(topic))
    offsets.set(partition, [...(offsets.get(partition) ?? []), offset]);
  for (const [partition, all] of offsets) {
    let left: readonly bigint[] = all.sort((a, b) => (a < b ? -1 : 1));
    while (left.length > 0) {
      const { records, taken } = await readFirst(backend.broker.admin, { topic, partition }, left);
      for (const record of records) {
        const id = sequenceOfLetter(app, toDeadLetter(job, record), record);
        if (id !== undefined) counts.set(sequenceName(id), (counts.get(sequenceName(id)) ?? 0) + 1);
      }
      left = left.slice(taken);
    }
  }
  return counts;
};
