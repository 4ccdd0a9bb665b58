import {
  type Candidate,
  type DeadLetterSummary,
  type ReplaySelection,
  selectForReplay,
  summarize,
} from '../../consumers/dead-letters/index.ts';
import { formatPosition } from '../../core/record.ts';
import { readLetterLedger } from '../letters/letter-ledger.ts';
import { holdsBeforeRun } from './held-before-run.ts';
import type { LedgerOutcome } from './ledger-results.ts';
import { planReplay } from './make-plan.ts';
import { type ReplayParts, refused, requireReason } from './replay-parts.ts';
import { type ReplayedRecord, replayResults } from './replay-results.ts';
import { runReplay } from './run-plan.ts';

export interface ReplayNowRequest {
  readonly selection: ReplaySelection;
  /** Why; goes into the audit, redacted. */
  readonly reason: string;
  /** False (the default) only shows what would be done. */
  readonly run?: boolean;
}

/** What became of one dead letter, or would. */
export interface ReplayItem {
  readonly position: string;
  readonly jobType: string | null;
  readonly jobId: string | null;
  readonly outcome: 'would_replay' | 'refused' | LedgerOutcome;
  /** Why, where the outcome needs a reason; on a dry run also what a hold of its ordering key means for it. */
  readonly detail: string | null;
  /** Where the replayed record stands on the inbox. */
  readonly inbox: string | null;
  readonly letter: DeadLetterSummary | null;
}

export interface ReplayNowResult {
  /** The plan that was made and run; null on a dry run, and where nothing was to be replayed. */
  readonly replayId: string | null;
  readonly items: readonly ReplayItem[];
  /** How many the selection means; more than `items` when its limit cut them. */
  readonly matched: number;
}

/** Whoever names a few has looked at them: those that do not decode go too. */
const NOW = { rate: 0, canary: 0, undecodable: true } as const;
/** More at once are a plan to be reviewed. */
const MOST_AT_ONCE = 100;

const DETAILS: Partial<Record<LedgerOutcome, string>> = {
  done: 'its job is done',
  undecodable: 'its workers would bury it again: `esteira replay review` says why',
  expired: 'it is older than its job may be (maxAge), and would die at once',
  shelved: 'it was replayed as often as it may be',
  gone: 'the record is gone from its topic',
  failed: 'it cannot be written to its inbox',
  held: 'its ordering key is held, and others of it died before this one: plan a replay of the job type',
};

const itemOf = (candidate: Candidate, letter?: ReplayedRecord): ReplayItem => ({
  position: formatPosition(candidate.at),
  jobType: candidate.letter?.job.type ?? null,
  jobId: candidate.letter?.envelope.job?.id ?? null,
  outcome: letter?.outcome ?? (candidate.refusal === undefined ? 'would_replay' : 'refused'),
  detail: candidate.refusal ?? (letter?.outcome == null ? null : (DETAILS[letter.outcome] ?? null)),
  inbox: letter?.inbox ?? null,
  letter: candidate.letter === undefined ? null : summarize(candidate.letter),
});

const withHold = (item: ReplayItem, holds: ReadonlyMap<string, string>): ReplayItem => ({
  ...item,
  detail: item.detail ?? holds.get(item.position) ?? null,
});

/**
 * Replays a few dead letters in one go: a plan, and its run without a canary. A dry run unless `run` is true.
 *
 * @throws EsteiraError as `planReplay` and `runReplay`, and ESTEIRA_REPLAY_REFUSED for a limit above 100
 */
export const replayNow = async (parts: ReplayParts, request: ReplayNowRequest): Promise<ReplayNowResult> => {
  const reason = requireReason(request.reason);
  const { limit = MOST_AT_ONCE, positions = [] } = request.selection;
  if (Math.max(limit, positions.length) > MOST_AT_ONCE)
    throw refused(`more than ${MOST_AT_ONCE} at once are a plan: \`esteira replay plan\``);
  const ledger = await readLetterLedger(parts.control);
  const { candidates, matched } = await selectForReplay(parts.app, parts.backend.broker.admin, {
    ...request.selection,
    refuse: ({ at }) => ledger.refusalOf(at),
  });
  const accepted = candidates.filter(({ refusal }) => refusal === undefined);
  if (request.run !== true || accepted.length === 0) {
    const holds = await holdsBeforeRun(parts, accepted);
    const items = candidates.map((one) => withHold(itemOf(one), holds));
    return { replayId: null, matched, items };
  }
  const { planId } = await planReplay(parts, { positions: accepted.map(({ at }) => at), reason });
  await runReplay(parts, { planId, reason, options: NOW });
  const letters = new Map<string, ReplayedRecord>();
  await replayResults(parts, planId, (letter) => letters.set(letter.position, letter));
  const items = candidates.map((candidate) => itemOf(candidate, letters.get(formatPosition(candidate.at))));
  return { replayId: planId, matched, items };
};
