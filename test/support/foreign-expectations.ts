import { expect } from 'vitest';
import { type ForeignCounts, MOST_REPEATS } from './foreign-run.ts';

const POISONS = ['bad-magic', 'unknown-schema', 'truncated', 'length-bomb'];

/** How a job of a kind must end. */
const endOf = (kind: string): { readonly type: string; readonly reason?: string } => {
  if (POISONS.includes(kind)) return { type: 'job.sent_to_dlq', reason: 'undecodable' };
  if (kind === 'stranger') return { type: 'job.sent_to_dlq', reason: 'tenant_unresolved' };
  if (kind === 'never') return { type: 'job.sent_to_dlq', reason: 'attempts_exhausted' };
  return { type: 'job.completed' };
};

/** Holds what the independent reader counted against what was produced. */
export const expectForeign = (counts: ForeignCounts): void => {
  const ends = Object.entries(counts.kinds).map(([kind, count]) => ({ kind, count, ...endOf(kind) }));
  const outcomes = ends.map(({ kind, type, reason, count }) => [
    `${kind} -> ${type} ${reason ?? ''}`.trim(),
    count,
  ]);
  const dead = ends.filter(({ reason }) => reason !== undefined);
  const completed = ends
    .filter(({ reason }) => reason === undefined)
    .reduce((sum, { count }) => sum + count, 0);
  const buried = dead.reduce((sum, { count }) => sum + count, 0);
  expect(counts.outcomes).toEqual(Object.fromEntries(outcomes));
  expect(counts.deadLetters).toEqual(
    Object.fromEntries(
      dead.map(({ kind, reason, count }) => [`${kind} -> ${reason}`, count + repeatedOf(counts, kind)]),
    ),
  );
  expect(counts.told).toMatchObject({ 'job.completed': completed, 'job.sent_to_dlq': buried });
  expect(counts.told['job.skipped']).toBe(counts.duplicates);
  // Written after the dead letter: a writer killed in between writes the one again, or only the other.
  const failures = Object.values(counts.failures).reduce((sum, count) => sum + count, 0);
  expect(failures).toBeGreaterThanOrEqual(buried);
  expect(failures).toBeLessThanOrEqual(buried + MOST_REPEATS);
  expect(counts.strangers).toBe(0);
  expect(counts.deadLettersDiffer).toEqual([]);
  // A dead letter may be written again when its writer dies before it could note it; the copy is the same job.
  expect(counts.deadLettersRepeated).toBeLessThanOrEqual(MOST_REPEATS);
  expect(counts.effects).toBe(completed);
  expect(counts.fencesRepeated).toBe(0);
  expect(counts.effectsRepeated).toBeLessThanOrEqual(MOST_REPEATS);
  expect(counts.behind).toEqual([]);
};

const repeatedOf = (counts: ForeignCounts, kind: string): number => counts.deadLettersRepeatedBy[kind] ?? 0;
