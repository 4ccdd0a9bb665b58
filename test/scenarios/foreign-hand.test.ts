import { expect, test } from 'vitest';
import { MOST_REPEATS, runForeignScenario } from '../support/foreign-run.ts';

// Promise: every event of a foreign producer ends in exactly one terminal state, although a worker is killed in
// mid-run; dead letters are the bytes that were produced; telemetry alone gives the counts.
test('events of a foreign hand end in one terminal state each, through a SIGKILL in mid-run', async () => {
  const counts = await runForeignScenario(2_000);
  console.log(JSON.stringify(counts));
  const poisons = ['bad-magic', 'unknown-schema', 'truncated', 'length-bomb'];
  const expected: Record<string, number> = {};
  for (const [kind, count] of Object.entries(counts.kinds)) {
    const end = poisons.includes(kind)
      ? 'job.sent_to_dlq undecodable'
      : kind === 'stranger'
        ? 'job.sent_to_dlq tenant_unresolved'
        : kind === 'never'
          ? 'job.sent_to_dlq attempts_exhausted'
          : 'job.completed';
    expected[`${kind} -> ${end}`] = count;
  }
  expect(counts.outcomes).toEqual(expected);
  expect(counts.strangers).toBe(0);
  expect(counts.deadLettersDiffer).toEqual([]);
  expect(counts.fencesRepeated).toBe(0);
  expect(counts.effectsRepeated).toBeLessThanOrEqual(MOST_REPEATS);
  expect(counts.behind).toEqual([]);
});
