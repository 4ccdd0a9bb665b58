import {
  type DeadLetterFilter,
  deadLetterRanges,
  jobTypesOf,
  LETTER_STATES,
  type LetterState,
  scanRanges,
} from '../../consumers/dead-letters/index.ts';
import { redactText } from '../../security/redact.ts';
import type { ReplayParts } from '../replay/replay-parts.ts';
import { readLetterLedger } from './letter-ledger.ts';

/** One value and how many letters have it, the most first. */
export interface LetterCount {
  readonly value: string;
  readonly count: number;
}

/** How many dead letters there are, by what. */
export interface LetterStats {
  /** Of the states asked for. */
  readonly letters: number;
  readonly read: number;
  /** Of all that the filter means. */
  readonly byState: Readonly<Record<LetterState, number>>;
  readonly byJobType: readonly LetterCount[];
  readonly byReason: readonly LetterCount[];
  readonly byErrorCode: readonly LetterCount[];
  readonly byFingerprint: readonly LetterCount[];
  readonly byTenant: readonly LetterCount[];
  /** `under 1 hour`, `under 1 day`, `under 7 days`, `under 30 days`, `older`; those that are none are left out. */
  readonly byAge: readonly LetterCount[];
  /** ISO 8601; null where there is no letter. */
  readonly oldestAt: string | null;
  readonly newestAt: string | null;
  /** Discards that wait for a second person. */
  readonly asked: readonly { readonly deedId: string; readonly letters: number; readonly by: string }[];
}

export interface StatsRequest {
  readonly jobType?: string;
  readonly filter?: DeadLetterFilter;
  /** Which are counted by anything but their state. */
  readonly states: readonly LetterState[];
}

const HOUR_MS = 3_600_000;
const AGES = [
  ['under 1 hour', HOUR_MS],
  ['under 1 day', 24 * HOUR_MS],
  ['under 7 days', 7 * 24 * HOUR_MS],
  ['under 30 days', 30 * 24 * HOUR_MS],
  ['older', Number.POSITIVE_INFINITY],
] as const;

/** Different values of one kind that are told apart; tenants and causes can be many. */
const MOST_VALUES = 10_000;
const OTHERS = 'others';

/** Counts values. */
class Tally {
  readonly #counts = new Map<string, number>();

  add(value: string): void {
    const name = this.#counts.size < MOST_VALUES || this.#counts.has(value) ? value : OTHERS;
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  get sorted(): readonly LetterCount[] {
    return [...this.#counts].map(([value, count]) => ({ value, count })).sort((a, b) => b.count - a.count);
  }
}

const NONE = '-';

/**
 * Counts dead letters by what became of them, and those of the states asked for by everything else. Reads whole topics
 * unless the filter says since when; keeps only counts.
 *
 * @throws EsteiraError ESTEIRA_JOB_TYPE_UNKNOWN, ESTEIRA_TOPICS_DIFFER, ESTEIRA_BROKER_UNAVAILABLE
 */
export const letterStats = async (
  parts: Pick<ReplayParts, 'app' | 'backend' | 'control' | 'clock'>,
  { jobType, filter = {}, states }: StatsRequest,
): Promise<LetterStats> => {
  const { app, backend, control, clock } = parts;
  const ledger = await readLetterLedger(control);
  const byState: Record<LetterState, number> = {
    open: 0,
    replayed: 0,
    done: 0,
    edited: 0,
    discarded: 0,
    shelved: 0,
  };
  const tallies = {
    ...{ byJobType: new Tally(), byReason: new Tally(), byErrorCode: new Tally() },
    ...{ byFingerprint: new Tally(), byTenant: new Tally(), byAge: new Tally() },
  };
  const nowMs = clock.nowMs();
  const times = { oldest: Number.POSITIVE_INFINITY, newest: Number.NEGATIVE_INFINITY };
  const ranges = await deadLetterRanges(app, backend.broker.admin, jobTypesOf(app, jobType), filter);
  const read = await scanRanges(backend.broker.admin, ranges, filter, (letter) => {
    const state = ledger.stateOf(letter);
    byState[state] += 1;
    if (!states.includes(state)) return;
    const { job } = letter.envelope;
    tallies.byJobType.add(letter.job.type);
    tallies.byReason.add(job?.deadReason ?? NONE);
    tallies.byErrorCode.add(job?.error?.code ?? NONE);
    tallies.byFingerprint.add(job?.error?.fingerprint ?? NONE);
    tallies.byTenant.add(redactText(letter.envelope.tenant ?? NONE));
    const ageMs = nowMs - letter.deadAtMs;
    tallies.byAge.add(AGES.find(([, limitMs]) => ageMs < limitMs)?.[0] ?? 'older');
    times.oldest = Math.min(times.oldest, letter.deadAtMs);
    times.newest = Math.max(times.newest, letter.deadAtMs);
  });
  const letters = LETTER_STATES.filter((state) => states.includes(state)).reduce(
    (sum, one) => sum + byState[one],
    0,
  );
  const ages = tallies.byAge.sorted;
  const iso = (ms: number): string | null => (letters === 0 ? null : new Date(ms).toISOString());
  return {
    ...{ letters, read, byState },
    ...{ byJobType: tallies.byJobType.sorted, byReason: tallies.byReason.sorted },
    ...{ byErrorCode: tallies.byErrorCode.sorted, byFingerprint: tallies.byFingerprint.sorted },
    ...{ byTenant: tallies.byTenant.sorted },
    byAge: AGES.flatMap(([name]) => ages.filter(({ value }) => value === name)),
    ...{ oldestAt: iso(times.oldest), newestAt: iso(times.newest) },
    asked: ledger.asked().map(({ deedId, deed }) => ({ deedId, letters: deed.total, by: deed.actor })),
  };
};
