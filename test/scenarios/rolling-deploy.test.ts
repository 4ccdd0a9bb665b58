import { expect, test } from 'vitest';
import { ChurnRun } from '../support/churn-run.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/wait.ts';

const LONG = { timeoutMs: 60_000, everyMs: 100 };

// Promise: a rebalance at any moment skips nothing, moves no committed offset back and leaves no partition paused; here by
// a deploy that adds a job type, and a topic to the subscription of another. Retries of its new event that come to the
// version before wait for the new one.
test('a rolling deploy with a changed subscription loses nothing, keeps order and moves no offset back', async () => {
  const run = await ChurnRun.open(temporaryFolder('rolling'), {
    slowMs: 900,
    refundsFail: true,
    window: 1_000,
  });
  const more = async (): Promise<void> => {
    const before = run.effects;
    await waitFor('more effects', () => run.effects > before + 100, LONG);
  };
  try {
    run.publishSteadily(20);
    const [first, second] = [run.join(1), run.join(1)];
    await Promise.all([first.ready, second.ready, more()]);
    const heir = run.join(2);
    await heir.ready;
    // Both versions work: no partition may be with one that does not read its topic.
    await run.untilWorkedOff(30_000);
    const otherHeir = run.join(2);
    await run.leave(first);
    await otherHeir.ready;
    await more();
    await run.leave(second);
    const { wrong, counts } = await run.finish(60_000);
    console.log(JSON.stringify(counts));
    for (const [what, cases] of Object.entries(wrong)) expect(cases, what).toEqual([]);
    expect(counts['secondEffectsAfterDeath']).toBe(0);
  } finally {
    await run.close();
  }
});
