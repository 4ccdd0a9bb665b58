import { afterAll, beforeAll, test } from 'vitest';
import { expectForeign } from '../support/foreign-expectations.ts';
import { runForeignScenario } from '../support/foreign-run.ts';
import setup from '../support/real-services.ts';

let stop: () => Promise<void>;
beforeAll(async () => {
  stop = await setup();
});
afterAll(() => stop());

// The same promise as test/scenarios/foreign-hand.test.ts, at volume.
test('20,000 events of a foreign hand end in one terminal state each, through a SIGKILL in mid-run', async () => {
  const counts = await runForeignScenario(20_000);
  console.log(JSON.stringify(counts));
  expectForeign(counts);
});
