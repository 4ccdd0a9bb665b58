import type { AppDefinition } from '../../core/app.ts';
import { EsteiraError } from '../../core/errors.ts';
import type { BrokerAdmin } from '../../core/ports/broker.ts';
import { formatPosition, type RecordPosition } from '../../core/record.ts';
import { type DeadLetter, jobOfDeadLetterTopic, toDeadLetter } from './dead-letter.ts';
import { readPositions } from './read-positions.ts';
import { type DeadLetterFilter, jobTypesOf, requireTopics, scanDeadLetters } from './scan.ts';

/** Which dead letters to replay: these positions, or those of a job type that a filter means. */
export interface ReplaySelection {
  readonly positions?: readonly RecordPosition[];
  readonly jobType?: string;
  readonly filter?: DeadLetterFilter;
  /** The most to replay, oldest first; default 100. */
  readonly limit?: number;
  /** Why one must not go back, beyond what it says itself; default none. */
  readonly refuse?: (letter: DeadLetter) => string | undefined;
}

/** A dead letter that was selected, with the reason why it must not be replayed, if there is one. */
export interface Candidate {
  readonly at: RecordPosition;
  readonly letter?: DeadLetter;
  readonly refusal?: string;
}

export interface Selected {
  readonly candidates: readonly Candidate[];
  readonly matched: number;
}

const DEFAULT_LIMIT = 100;

/** Why a dead letter must not go back by itself; undefined when it may. */
export const refusalOf = ({ job, envelope }: DeadLetter): string | undefined => {
  const headers = envelope.job;
  if (headers === undefined) return 'it has no job-id and job-type header: nobody can say what it was';
  if (headers.type !== job.type) {
    return `it is a job of type ${headers.type} on the DLQ topic of ${job.type}: records go only to their own inbox`;
  }
  if (headers.deadReason === 'replay_limit') return 'it was replayed as often as it may be';
  return undefined;
};

const candidateOf = (letter: DeadLetter, { refuse }: Pick<ReplaySelection, 'refuse'>): Candidate => {
  const refusal = refusalOf(letter) ?? refuse?.(letter);
  return { at: letter.at, letter, ...(refusal === undefined ? {} : { refusal }) };
};

/** Of several dead letters of one job only the last says how far it got: the earlier ones are refused. */
const refuseEarlierOnes = (candidates: readonly Candidate[]): readonly Candidate[] => {
  const last = new Map<string, Candidate>();
  for (const candidate of candidates) {
    const headers = candidate.letter?.envelope.job;
    if (candidate.refusal !== undefined || headers === undefined) continue;
    const other = last.get(headers.id)?.letter?.envelope.job;
    if (other === undefined || headers.hop >= other.hop) last.set(headers.id, candidate);
  }
  return candidates.map((candidate) => {
    const latest = last.get(candidate.letter?.envelope.job?.id ?? '');
    if (candidate.refusal !== undefined || latest === undefined || latest === candidate) return candidate;
    return {
      ...candidate,
      refusal: `the job died again later, at ${formatPosition(latest.at)}: replay that one`,
    };
  });
};

const byAge = (a: Candidate, b: Candidate): number => (a.letter?.deadAtMs ?? 0) - (b.letter?.deadAtMs ?? 0);

const selectByFilter = async (
  app: AppDefinition,
  admin: BrokerAdmin,
  selection: ReplaySelection,
): Promise<Selected> => {
  const letters: Candidate[] = [];
  const jobs = jobTypesOf(app, selection.jobType);
  await scanDeadLetters(app, admin, jobs, selection.filter ?? {}, (letter) =>
    letters.push(candidateOf(letter, selection)),
  );
  const candidates = refuseEarlierOnes(letters).toSorted(byAge);
  return { candidates: candidates.slice(0, selection.limit ?? DEFAULT_LIMIT), matched: candidates.length };
};

const selectByPosition = async (
  app: AppDefinition,
  admin: BrokerAdmin,
  selection: ReplaySelection,
): Promise<Selected> => {
  const { positions = [] } = selection;
  const found = new Map<string, Candidate>();
  for (const at of positions) {
    const known = jobOfDeadLetterTopic(app, at.topic) !== undefined;
    const refusal = known ? 'there is no record at this position' : `this is no DLQ topic of app ${app.name}`;
    found.set(formatPosition(at), { at, refusal });
  }
  const readable = positions.filter(({ topic }) => jobOfDeadLetterTopic(app, topic) !== undefined);
  await requireTopics(admin, [...new Set(readable.map(({ topic }) => topic))]);
  for await (const records of readPositions(admin, readable)) {
    for (const record of records) {
      const job = jobOfDeadLetterTopic(app, record.topic);
      if (job !== undefined)
        found.set(formatPosition(record), candidateOf(toDeadLetter(job, record), selection));
    }
  }
  return { candidates: refuseEarlierOnes([...found.values()]), matched: found.size };
};

/**
 * The dead letters that are meant, judged one by one.
 *
 * @throws EsteiraError ESTEIRA_USAGE when nothing says which, ESTEIRA_JOB_TYPE_UNKNOWN, ESTEIRA_TOPICS_DIFFER.
 */
export const selectForReplay = (
  app: AppDefinition,
  admin: BrokerAdmin,
  selection: ReplaySelection,
): Promise<Selected> => {
  const { positions = [], jobType, filter = {} } = selection;
  const filtered = jobType !== undefined || Object.keys(filter).length > 0;
  if (positions.length > 0 && !filtered) return selectByPosition(app, admin, selection);
  if (positions.length === 0 && filtered) return selectByFilter(app, admin, selection);
  throw new EsteiraError(
    'ESTEIRA_USAGE',
    'say which dead letters to replay: either positions, or a job type or another condition',
  );
};
