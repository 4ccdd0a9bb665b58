import type { AppDefinition } from '../../core/app.ts';
import type { Clock } from '../../core/clock.ts';
import { EsteiraError } from '../../core/errors.ts';
import { randomId } from '../../core/ids.ts';
import type { ServiceIdentity } from '../../core/job-event.ts';
import type { BrokerAdmin, RecordProducer } from '../../core/ports/broker.ts';
import type { Serde } from '../../core/ports/serde.ts';
import type { JobTelemetry } from '../../core/ports/telemetry.ts';
import { formatPosition } from '../../core/record.ts';
import { type DeadLetterSummary, summarize } from './dead-letter.ts';
import { type Candidate, type ReplaySelection, selectForReplay } from './replay-selection.ts';
import { type Replayed, writeReplays } from './replay-writer.ts';

/** What writes during a replay; asked for only when it really runs. */
export interface ReplayWriter {
  readonly producer: RecordProducer;
  readonly serde: Serde;
  readonly telemetry: JobTelemetry;
}

export interface ReplayParts {
  readonly app: AppDefinition;
  readonly admin: BrokerAdmin;
  readonly clock: Clock;
  readonly identity: ServiceIdentity;
  readonly connectWriter: () => Promise<ReplayWriter>;
}

export interface ReplayRequest {
  readonly selection: ReplaySelection;
  /** Who decides; goes into the audit. */
  readonly actor: string;
  /** Why; goes into the audit, redacted. */
  readonly reason: string;
  /** False (the default) only shows what would be done. */
  readonly run?: boolean;
  /** Told of each record as soon as its outcome is known. */
  readonly onItem?: (item: ReplayItem) => void;
}

/** What became of one dead letter, or would. */
export interface ReplayItem {
  readonly position: string;
  readonly jobType: string | null;
  readonly jobId: string | null;
  readonly outcome: 'would_replay' | 'refused' | Replayed['outcome'];
  /** Why, where the outcome needs a reason. */
  readonly detail: string | null;
  /** Where the replayed record stands on the inbox. */
  readonly inbox: string | null;
  readonly letter: DeadLetterSummary | null;
}

export interface ReplayResult {
  /** In the audit, in the telemetry and on the records of this replay; null on a dry run. */
  readonly replayId: string | null;
  readonly items: readonly ReplayItem[];
  /** How many the selection means; more than `items` when its limit cut them. */
  readonly matched: number;
}

const LONGEST_ACTOR = 200;
const LONGEST_REASON = 1_000;

const requireWords = (what: string, text: string, longest: number): string => {
  const words = text.trim();
  if (words.length > 0 && words.length <= longest) return words;
  throw new EsteiraError('ESTEIRA_REPLAY_REFUSED', `a replay needs ${what}: give 1 to ${longest} characters`);
};

const itemOf = (candidate: Candidate, outcome: Partial<ReplayItem>): ReplayItem => ({
  position: formatPosition(candidate.at),
  jobType: candidate.letter?.job.type ?? null,
  jobId: candidate.letter?.envelope.job?.id ?? null,
  outcome: candidate.refusal === undefined ? 'would_replay' : 'refused',
  detail: candidate.refusal ?? null,
  inbox: null,
  letter: candidate.letter === undefined ? null : summarize(candidate.letter),
  ...outcome,
});

const outcomeOf = ({ outcome, detail, inbox }: Replayed): Partial<ReplayItem> => ({
  outcome,
  detail: detail ?? null,
  inbox: inbox === undefined ? null : formatPosition(inbox),
});

const run = async (
  parts: ReplayParts,
  request: ReplayRequest,
  candidates: readonly Candidate[],
): Promise<Pick<ReplayResult, 'replayId' | 'items'>> => {
  const replayId = randomId();
  const items = new Map<string, ReplayItem>();
  const tell = (candidate: Candidate, outcome: Partial<ReplayItem>): void => {
    const item = itemOf(candidate, outcome);
    items.set(item.position, item);
    request.onItem?.(item);
  };
  const accepted = candidates.filter(({ refusal }) => refusal === undefined);
  for (const refused of candidates.filter(({ refusal }) => refusal !== undefined)) tell(refused, {});
  if (accepted.length > 0) {
    const writer = await parts.connectWriter();
    const { actor, reason } = request;
    const facts = { ns: parts.app.name, identity: parts.identity, replayId, actor, reason };
    await writeReplays({ ...parts, ...writer }, facts, accepted, (candidate, replayed) =>
      tell(candidate, outcomeOf(replayed)),
    );
  }
  return { replayId, items: candidates.flatMap(({ at }) => items.get(formatPosition(at)) ?? []) };
};

/**
 * Puts dead letters back on the inbox of their own job type. A dry run unless `run` is true. Each record is audited,
 * with acknowledgement, before it is written; key, value and foreign headers stay the same bytes. A record that does
 * not fit is refused and listed, the others go on.
 *
 * @throws EsteiraError ESTEIRA_REPLAY_REFUSED (no actor or no reason), ESTEIRA_USAGE (no selection), ESTEIRA_JOB_TYPE_UNKNOWN,
 *   ESTEIRA_TOPICS_DIFFER, ESTEIRA_AUDIT_UNAVAILABLE (what was not audited was not replayed),
 *   ESTEIRA_SERVICE_UNREACHABLE.
 */
export const replayDeadLetters = async (
  parts: ReplayParts,
  request: ReplayRequest,
): Promise<ReplayResult> => {
  const checked = {
    ...request,
    actor: requireWords('an actor', request.actor, LONGEST_ACTOR),
    reason: requireWords('a reason', request.reason, LONGEST_REASON),
  };
  const { candidates, matched } = await selectForReplay(parts.app, parts.admin, request.selection);
  if (request.run !== true) {
    return { replayId: null, matched, items: candidates.map((candidate) => itemOf(candidate, {})) };
  }
  return { ...(await run(parts, checked, candidates)), matched };
};
