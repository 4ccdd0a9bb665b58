import { expect, test } from 'vitest';
import { approveReplay, planReplay, replayResults, runReplay } from '../../src/runtime/replay/index.ts';
import { applyTopics } from '../../src/runtime/topics/index.ts';
import { invoice } from '../support/invoices.ts';
import { openServices } from '../support/open-services.ts';
import { heldApp, replayApp } from '../support/replay-app.ts';
import { writeLetters } from '../support/replay-letters.ts';
import {
  asOperator,
  countCopies,
  inboxSize,
  planAll,
  resumeKilled,
  runUntilKilled,
} from '../support/replay-scene.ts';
import { freshName, startScenario } from '../support/scenario.ts';
import { waitFor } from '../support/wait.ts';

const reason = 'ink is back';

/** An app whose workers do not run, with its topics. */
const opened = async () => {
  const app = replayApp(freshName('replay'));
  const services = await openServices(app);
  await applyTopics(app, services.backend.broker.admin, {});
  return { app, services };
};

// Promise: a run killed by SIGKILL in the middle, and resumed, replays each chosen record once, and none outside its plan.
test('a run that is killed, and resumed, replays each record of its plan once', async () => {
  const { app, services } = await opened();
  try {
    const { backend } = services;
    await writeLetters(backend, app.name, 1_500);
    const file = await asOperator(app, services, 'ana', planAll);
    const { planId } = file;
    await asOperator(app, services, 'bea', (parts) => approveReplay(parts, { planId, reason: 'right' }));
    await writeLetters(backend, app.name, 40, { first: 1_500 });
    await runUntilKilled(app, services, { planId, rate: 400, atRecords: 333 });
    expect(await inboxSize(app, services)).toBeLessThan(1_500);
    const tooSoon = asOperator(app, services, 'carl', (parts) =>
      runReplay(parts, { planId, reason, resume: true }),
    );
    await expect(tooSoon).rejects.toMatchObject({ code: 'ESTEIRA_REPLAY_REFUSED', facts: { holder: 'ana' } });
    const result = await resumeKilled(app, services, planId);
    expect(result).toMatchObject({ state: 'finished', counts: { replayed: 1_500 } });
    expect(await countCopies(app, file)).toEqual({
      ...{ letters: 1_540, records: 1_500, replayed: 1_500, repeated: 0 },
      ...{ strangers: 0, outsideThePlan: 0, differ: 0 },
    });
  } finally {
    await services.close();
  }
});

// Promise: a canary stops by itself past its bound; what is done already is not run again, and told as skipped.
test('a canary of which 40 % fail stops the run; what came of each is known, and the done are skipped later', async () => {
  const ran: string[] = [];
  const app = replayApp(freshName('canary'), (paymentId) => ran.push(paymentId));
  const scenario = await startScenario(app);
  const { services } = scenario;
  try {
    await writeLetters(services.backend, app.name, 100, { isBad: (index) => index % 5 < 2 });
    const options = { rate: 0, canary: 30, canaryWaitMs: 60_000 };
    const { planId } = await asOperator(app, services, 'ana', planAll);
    const stopped = await asOperator(app, services, 'ana', (parts) =>
      runReplay(parts, { planId, reason, options }),
    );
    expect(stopped).toMatchObject({ state: 'stopped', settled: 30, counts: { replayed: 30 } });
    expect(stopped.why).toMatch(/^canary: \d+ of the first 30 failed, the bound is 10 %$/);
    await scenario.esteira.idle({ timeoutMs: 60_000 });
    expect(ran).toHaveLength(30);

    const outcomes = new Map<string, number>();
    await asOperator(app, services, 'ana', (parts) =>
      replayResults(parts, planId, ({ outcome, job }) => {
        const words = `${outcome} ${job}`;
        outcomes.set(words, (outcomes.get(words) ?? 0) + 1);
      }),
    );
    const dead = outcomes.get('replayed dead') ?? 0;
    expect(dead).toBeGreaterThan(3);
    expect(Object.fromEntries(outcomes)).toEqual({
      ...{ 'replayed dead': dead, 'replayed completed': 30 - dead, 'null null': 70 },
    });

    // The dead letters of before still stand there: a new plan means them too, and leaves the done ones alone.
    const again = await asOperator(app, services, 'ana', planAll);
    expect(again.plan.refused).toMatchObject([{ count: dead }]);
    const second = await asOperator(app, services, 'ana', (parts) =>
      runReplay(parts, { planId: again.planId, reason, options: { ...options, canary: 0 } }),
    );
    expect(second).toMatchObject({ state: 'finished', counts: { done: 30 - dead, replayed: 70 + dead } });
    await scenario.esteira.idle({ timeoutMs: 60_000 });
    expect(ran).toHaveLength(100 + dead);
  } finally {
    await scenario.close();
  }
});

// Promise: replayed with order and `hold`, followers run after their head, in order, and what comes later behind them.
test('a held key is replayed in its order', async () => {
  const broken = new Set(['a1']);
  const ran: string[] = [];
  const { app, paid } = heldApp(freshName('held'), broken, ran);
  const scenario = await startScenario(app);
  const publish = async (...ids: readonly string[]): Promise<void> => {
    for (const id of ids)
      await scenario.esteira.publish(paid, invoice(id, { currency: id.slice(0, 1) }), { tenant: 'acme', id });
  };
  try {
    await publish('a1', 'a2', 'b1', 'a3');
    await waitFor(
      'three dead letters',
      async () => (await scenario.records(`${app.name}.dlq.book`)).length === 3,
      {
        ...{ timeoutMs: 30_000, everyMs: 100 },
      },
    );
    broken.clear();
    const result = await asOperator(app, scenario.services, 'ana', async (parts) => {
      const { planId } = await planReplay(parts, { jobType: 'book', reason });
      return runReplay(parts, { planId, reason });
    });
    expect(result).toMatchObject({ state: 'finished', counts: { replayed: 3 } });
    await publish('a4', 'b2');
    await waitFor('all to be booked', () => ran.length === 6, { timeoutMs: 30_000 });
    expect(ran.filter((id) => id.startsWith('a'))).toEqual(['a1', 'a2', 'a3', 'a4']);
  } finally {
    await scenario.close();
  }
});
