import { type ConsumedRecord, formatPosition } from '../../core/record.ts';
import { redactText } from '../../security/redact.ts';
import { readLetterLedger } from '../letters/letter-ledger.ts';
import { Counter } from './counter.ts';
import type { Judged, RecordJudge, Verdict } from './judged.ts';
import { type PlanFile, readPlanFile } from './plan-file.ts';
import { eachRecord, jobOfChunk, judgeOf, type PlanRecords } from './plan-records.ts';
import { schemaOf } from './plan-selection.ts';
import type { ReplayParts } from './replay-parts.ts';

/** How many of a plan would come to the same, with some of them. */
export interface ReviewLine {
  readonly verdict: Verdict | 'gone';
  readonly count: number;
  readonly examples: readonly { readonly position: string; readonly detail: string | null }[];
}

/** What a run of a plan would do now. */
export interface ReplayReview {
  readonly file: PlanFile;
  readonly lines: readonly ReviewLine[];
  /** How many are for the job type, by tenant and schema id: a plan of dead letters has counted them before. */
  readonly counts: {
    readonly tenant: Readonly<Record<string, number>>;
    readonly schema: Readonly<Record<string, number>>;
  };
}

const MOST_EXAMPLES = 3;

/** Sums up verdicts as they come. */
class ReviewSums {
  readonly #lines = new Map<
    ReviewLine['verdict'],
    { count: number; readonly examples: ReviewLine['examples'][number][] }
  >();
  readonly #tenants = new Counter();
  readonly #schemas = new Counter();

  gone(position: string): void {
    this.#count('gone', position, null);
  }

  take({ record, verdict, accepted, detail }: Judged): void {
    this.#count(verdict, formatPosition(record), detail ?? null);
    if (verdict === 'other') return;
    this.#tenants.add(redactText(accepted?.letter.envelope.tenant ?? '-'));
    this.#schemas.add(schemaOf(record));
  }

  result(file: PlanFile): ReplayReview {
    return {
      file,
      lines: [...this.#lines].map(([verdict, line]) => ({ verdict, ...line })),
      counts: { tenant: this.#tenants.told(), schema: this.#schemas.told() },
    };
  }

  #count(verdict: ReviewLine['verdict'], position: string, detail: string | null): void {
    const line = this.#lines.get(verdict) ?? { count: 0, examples: [] };
    line.count += 1;
    if (line.examples.length < MOST_EXAMPLES) line.examples.push({ position, detail });
    this.#lines.set(verdict, line);
  }
}

const reviewSome = async (
  { app }: ReplayParts,
  file: PlanFile,
  judge: RecordJudge,
  { chunk, positions, records }: PlanRecords,
  sums: ReviewSums,
): Promise<void> => {
  const found = new Set(records.map(({ offset }: ConsumedRecord) => offset));
  for (const at of positions) if (!found.has(at.offset)) sums.gone(formatPosition(at));
  for (const judged of await judge.judge(jobOfChunk(app, file, chunk), records)) sums.take(judged);
};

/**
 * Says what a run would do, without doing any of it: what is done already, what no longer decodes, what is over its cap;
 * of a window also what is nothing to the job type, or not yet its turn.
 *
 * @throws EsteiraError ESTEIRA_USAGE (no such plan), ESTEIRA_REPLAY_REFUSED (its job type is gone),
 *   ESTEIRA_REGISTRY_UNAVAILABLE, ESTEIRA_STATE_UNAVAILABLE, ESTEIRA_BROKER_UNAVAILABLE
 */
export const reviewReplay = async (parts: ReplayParts, planId: string): Promise<ReplayReview> => {
  const file = await readPlanFile(parts.control, planId);
  const ledger = await readLetterLedger(parts.control);
  const judge = judgeOf(parts, file, false, (at) => ledger.refusalOf(at, file));
  const sums = new ReviewSums();
  await eachRecord(parts, file, (some) => reviewSome(parts, file, judge, some, sums));
  return sums.result(file);
};
