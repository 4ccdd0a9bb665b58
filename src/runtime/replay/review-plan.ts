import { jobOfDeadLetterTopic, readFirst } from '../../consumers/dead-letters/index.ts';
import { type ConsumedRecord, formatPosition } from '../../core/record.ts';
import { LetterJudge, type Verdict } from './judge-letters.ts';
import { type PlanFile, positionsOf, readPlanFile } from './plan-file.ts';
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
}

const MOST_EXAMPLES = 3;

/** Calls back with the records of a plan, some at a time, and the positions where nothing stands any more. */
export const eachRecord = async (
  parts: Pick<ReplayParts, 'backend'>,
  file: PlanFile,
  onRecords: (records: readonly ConsumedRecord[], gone: readonly string[]) => Promise<void>,
): Promise<void> => {
  const { admin } = parts.backend.broker;
  for (const [index] of file.chunks.entries()) {
    let left = positionsOf(file, index);
    for (let [first] = left; first !== undefined; [first] = left) {
      const at = { topic: first.topic, partition: first.partition };
      const offsets = left.map(({ offset }) => offset);
      const { records, taken } = await readFirst(admin, at, offsets);
      const found = new Set(records.map(({ offset }) => offset));
      const gone = left.slice(0, taken).filter(({ offset }) => !found.has(offset));
      await onRecords(records, gone.map(formatPosition));
      left = left.slice(taken);
    }
  }
};

/**
 * Says what a run would do, without doing any of it: what is done already, what no longer decodes, what is over its cap.
 *
 * @throws EsteiraError ESTEIRA_USAGE (no such plan), ESTEIRA_REGISTRY_UNAVAILABLE, ESTEIRA_STATE_UNAVAILABLE,
 *   ESTEIRA_BROKER_UNAVAILABLE
 */
export const reviewReplay = async (parts: ReplayParts, planId: string): Promise<ReplayReview> => {
  const file = await readPlanFile(parts.control, planId);
  const judge = new LetterJudge({
    ...parts,
    ...{ planId: file.planId, maxReplays: file.plan.maxReplays, undecodable: false },
  });
  const lines = new Map<
    ReviewLine['verdict'],
    { count: number; examples: ReviewLine['examples'][number][] }
  >();
  const add = (verdict: ReviewLine['verdict'], position: string, detail: string | null): void => {
    const line = lines.get(verdict) ?? { count: 0, examples: [] };
    line.count += 1;
    if (line.examples.length < MOST_EXAMPLES) line.examples.push({ position, detail });
    lines.set(verdict, line);
  };
  await eachRecord(parts, file, async (records, gone) => {
    for (const position of gone) add('gone', position, null);
    const [first] = records;
    const job = first === undefined ? undefined : jobOfDeadLetterTopic(parts.app, first.topic);
    if (job === undefined) return;
    for (const { record, verdict, detail } of await judge.judge(job, records))
      add(verdict, formatPosition(record), detail ?? null);
  });
  return { file, lines: [...lines].map(([verdict, line]) => ({ verdict, ...line })) };
};
