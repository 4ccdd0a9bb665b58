import { test } from 'vitest';
import { expectForeign } from '../support/foreign-expectations.ts';
import { runForeignScenario } from '../support/foreign-run.ts';

// Promise: every event of a foreign producer ends in exactly one terminal state, although a worker is killed in
// mid-run; dead letters are the bytes that were produced; telemetry alone gives the counts.
test('events of a foreign hand end in one terminal state each, through a SIGKILL in mid-run', async () => {
  expectForeign(await runForeignScenario(2_000));
});
