import type { LetterState } from '../../consumers/dead-letters/index.ts';
import { EsteiraError } from '../../core/errors.ts';
import { randomId } from '../../core/ids.ts';
import { names } from '../../core/names.ts';
import { formatPosition, type RecordPosition } from '../../core/record.ts';
import { requireWho } from '../control/audited.ts';
import { takeReplayLock } from '../replay/replay-lock.ts';
import { isSignedBy, policyOf, type ReplayParts, requireRole } from '../replay/replay-parts.ts';
import { type ChosenDeed, carryOut } from './carry-out-deed.ts';
import { type HeldKey, heldKeysOf } from './held-keys.ts';
import { type DeedFile, type LetterLedger, readLetterLedger } from './letter-ledger.ts';
import {
  ChosenLetters,
  eachLetter,
  jobsMeant,
  type LetterSelection,
  positionsIn,
  selectionWords,
} from './letter-selection.ts';
import type { LetterDeed } from './letter-values.ts';

/** Who asks for what. */
export interface DeedRequest {
  readonly deed: LetterDeed;
  readonly selection: LetterSelection;
  /** Why; goes into the audit, redacted. */
  readonly reason: string;
  /** False (the default) only says what would be done. */
  readonly run?: boolean;
}

/**
 * What a deed came to. `asked`: there are so many that a second person has to carry it out. `nothing`: no letter was such
 * as it takes.
 */
export interface DeedResult {
  readonly deed: LetterDeed;
  readonly outcome: 'would_be_done' | 'would_be_asked' | 'asked' | 'done' | 'nothing';
  /** Names it in the audit and the ledger; null where nothing was written. */
  readonly deedId: string | null;
  readonly letters: number;
  /** Some of them, `topic/partition/offset`. */
  readonly examples: readonly string[];
  /** How many by dead reason. */
  readonly reasons: Readonly<Record<string, number>>;
  /** How many were meant and left out, by what became of them. */
  readonly leftOut: Readonly<Partial<Record<LetterState, number>>>;
  /** Positions where nothing stands (any more). */
  readonly gone: number;
  /** Ordering keys that these letters hold. */
  readonly keys: readonly HeldKey[];
}

/** What a letter must be for it. */
const TAKES: Readonly<Record<LetterDeed, readonly LetterState[]>> = {
  discard: ['open', 'shelved'],
  restore: ['discarded'],
};

const refused = (message: string, facts: Record<string, string> = {}): EsteiraError =>
  new EsteiraError('ESTEIRA_LETTER_REFUSED', message, { facts });

const distinct = (positions: readonly RecordPosition[]): number =>
  new Set(positions.map(formatPosition)).size;

const choose = async (
  parts: ReplayParts,
  ledger: LetterLedger,
  { deed, selection }: Pick<DeedRequest, 'deed' | 'selection'>,
): Promise<ChosenDeed> => {
  const letters = new ChosenLetters(TAKES[deed]);
  await eachLetter(parts, selection, (letter) => letters.add(letter, ledger.stateOf(letter)));
  const keys =
    deed === 'restore'
      ? []
      : await heldKeysOf(parts, ledger, jobsMeant(parts, selection), letters.positions());
  const gone =
    selection.positions === undefined ? 0 : Math.max(0, distinct(selection.positions) - letters.seen);
  return { deed, letters, keys, gone, words: selectionWords(selection) };
};

const MOST_EXAMPLES = 3;

const resultOf = (
  { deed, letters, keys, gone }: ChosenDeed,
  outcome: DeedResult['outcome'],
  deedId: string | null = null,
): DeedResult => ({
  ...{ deed, outcome, deedId, letters: letters.size, keys, gone },
  examples: letters.examples(MOST_EXAMPLES),
  reasons: letters.reasons,
  leftOut: letters.leftOut,
});

const topicsOf = (parts: ReplayParts, selection: LetterSelection): readonly string[] =>
  jobsMeant(parts, selection).map(({ type }) => names.deadLetters(parts.app.name, type));

/** Runs work while nobody replays these dead letters. */
const alone = async <T>(
  parts: ReplayParts,
  deedId: string,
  selection: LetterSelection,
  work: () => Promise<T>,
): Promise<T> => {
  const lock = await takeReplayLock(parts, deedId, topicsOf(parts, selection));
  try {
    return await work();
  } finally {
    // A claim that cannot be taken away ends by itself.
    await lock.release().catch(() => undefined);
  }
};

/**
 * Gives dead letters up, or takes that back. None is deleted: the ledger says who, when and why. A dry run unless `run` is
 * true. Audited first, letter by letter; then all become so at once, or none. More letters than a replay may have without
 * a second person are only asked for: {@link approveDeed} does it.
 *
 * @throws EsteiraError ESTEIRA_USAGE (nothing says which, no reason), ESTEIRA_JOB_TYPE_UNKNOWN, ESTEIRA_OPERATOR_REFUSED,
 *   ESTEIRA_REPLAY_REFUSED (a replay of them runs), ESTEIRA_AUDIT_UNAVAILABLE (nothing was done), ESTEIRA_TOPICS_DIFFER,
 *   ESTEIRA_STATE_UNAVAILABLE, ESTEIRA_BROKER_UNAVAILABLE
 */
export const doToLetters = async (parts: ReplayParts, request: DeedRequest): Promise<DeedResult> => {
  const { deed, selection, reason, run = false } = request;
  requireRole(parts, 'operator', `${deed} dead letters`);
  requireWho(`a ${deed}`, { actor: parts.operator.name, reason });
  if (!run) {
    const chosen = await choose(parts, await readLetterLedger(parts.control), request);
    const needsMore = needsSecondPerson(parts, chosen);
    return resultOf(chosen, isIdle(chosen) ? 'nothing' : needsMore ? 'would_be_asked' : 'would_be_done');
  }
  const deedId = randomId();
  return alone(parts, deedId, selection, async () => {
    const ledger = await readLetterLedger(parts.control);
    const chosen = await choose(parts, ledger, request);
    if (isIdle(chosen)) return resultOf(chosen, 'nothing');
    const isAsked = needsSecondPerson(parts, chosen);
    const done = await carryOut(parts, chosen, { deedId, reason, state: isAsked ? 'asked' : 'done' });
    return resultOf(done, isAsked ? 'asked' : 'done', deedId);
  });
};

/** Nothing to give up, and no hold to lift that an earlier process had left. */
const isIdle = ({ letters, keys }: ChosenDeed): boolean =>
  letters.size === 0 && !keys.some(({ outcome }) => outcome === 'would_lift');

const needsSecondPerson = (parts: ReplayParts, { deed, letters }: ChosenDeed): boolean =>
  deed === 'discard' && letters.size > policyOf(parts).approveAbove;

const LEAST_PREFIX = 4;

/** @throws EsteiraError ESTEIRA_USAGE when nothing that is asked for has this id, or begins so */
const askedFor = (ledger: LetterLedger, text: string): DeedFile => {
  const [file, another] = ledger
    .asked()
    .filter(({ deedId }) => deedId === text || (text.length >= LEAST_PREFIX && deedId.startsWith(text)));
  if (file !== undefined && another === undefined) return file;
  const waits = ledger
    .asked()
    .map(({ deedId, deed }) => `${deedId} (${deed.total} letters, by ${deed.actor})`);
  const all = waits.length === 0 ? 'nothing waits for a second person' : `there wait ${waits.join(', ')}`;
  throw new EsteiraError('ESTEIRA_USAGE', `${text}: nothing of this id is asked for: ${all}`);
};

/**
 * Carries out, as a second person, what another has asked for; letters that went back meanwhile are left out. A dry run
 * unless `run` is true.
 *
 * @throws EsteiraError ESTEIRA_USAGE (nothing of this id is asked for), ESTEIRA_LETTER_REFUSED (by who asked for it), and
 *   as {@link doToLetters}
 */
export const approveDeed = async (
  parts: ReplayParts,
  {
    deedId: text,
    reason,
    run = false,
  }: { readonly deedId: string; readonly reason: string; readonly run?: boolean },
): Promise<DeedResult> => {
  requireRole(parts, 'approver', 'approve a discard');
  requireWho('an approval', { actor: parts.operator.name, reason });
  const { deedId, deed, chunks } = askedFor(await readLetterLedger(parts.control), text);
  if (isSignedBy(deed, parts.operator))
    throw refused(`${deed.actor} asked for ${deedId}, and cannot approve it: another person has to`, {
      deedId,
    });
  const positions = positionsIn(chunks);
  const request = { deed: deed.deed, selection: { positions } };
  if (!run)
    return resultOf(
      await choose(parts, await readLetterLedger(parts.control), request),
      'would_be_done',
      deedId,
    );
  return alone(parts, deedId, request.selection, async () => {
    const ledger = await readLetterLedger(parts.control);
    askedFor(ledger, deedId);
    const chosen = { ...(await choose(parts, ledger, request)), words: deed.selection };
    const done = await carryOut(parts, chosen, { deedId, reason, state: 'done', askedBy: deed.actor });
    return resultOf(done, 'done', deedId);
  });
};
