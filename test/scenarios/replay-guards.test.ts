import { beforeAll, expect, test } from 'vitest';
import { parseEnvelope } from '../../src/core/envelope.ts';
import { start } from '../../src/index.ts';
import { applyTopics } from '../../src/runtime/topics/index.ts';
import { type OpenServices, openServices } from '../support/open-services.ts';
import { REPLAY_JOB, replayApp } from '../support/replay-app.ts';
import { writeLetters } from '../support/replay-letters.ts';
import { inboxSize } from '../support/replay-scene.ts';
import { freshName, readTopic } from '../support/scenario.ts';
import { twoOperators } from '../support/two-operators.ts';
import { waitFor } from '../support/wait.ts';

const why = ['--reason', 'ink is back'] as const;
const plan = ['replay', 'plan', '--job-type', REPLAY_JOB, ...why] as const;

const app = replayApp(freshName('guards'));
process.env['REPLAY_NS'] = app.name;
const environment = {
  ...process.env,
  ...{ ESTEIRA_APP: 'test/support/replay-command-app.ts', LOG_LEVEL: 'silent' },
};
const { ana, bea } = twoOperators(environment);
let services: OpenServices;
beforeAll(async () => {
  services = await openServices(app);
  await applyTopics(app, services.backend.broker.admin, {});
  return () => services.close();
});

// Promise: of two operators who run the same plan at once one goes on, and the other is refused with who holds it.
test('two operators who run one plan at once: one is refused, and told who holds it', async () => {
  await writeLetters(services.backend, app.name, 100);
  const { planId } = await ana.json(...plan);
  const run = ['replay', 'run', planId, '--rate', '40', '--canary', '0', ...why] as const;
  const [first, second] = await Promise.all([ana.esteira(...run), bea.esteira(...run)]);
  const [winner, loser, name] = first.code === 0 ? [first, second, 'ana'] : [second, first, 'bea'];
  expect(winner).toMatchObject({ code: 0, out: 'finished. 100 of 100 records: 100 replayed.' });
  expect(loser.code).toBe(3);
  expect(loser.err).toContain(`job type ${REPLAY_JOB} is being replayed by ${name} on `);
  expect(loser.err).toContain(planId);
  expect(await inboxSize(app, services)).toBe(100);
});

// Promise: a poison record that was replayed three times is shelved by every later plan, and stays listed.
test('a poison record is replayed three times, then shelved, and stays listed', async () => {
  const esteira = await start(app, { environment, backend: services.backend });
  try {
    await writeLetters(services.backend, app.name, 1, { first: 100, isBad: () => true });
    const poison = [...plan, '--event-id', 'e-100'] as const;
    const letters = async () =>
      (await readTopic(services, `${app.name}.dlq.${REPLAY_JOB}`)).filter(
        ({ headers }) => parseEnvelope(headers, true).eventId === 'e-100',
      );
    for (let death = 1; death <= 3; death += 1) {
      const { planId } = await ana.json(...poison);
      expect(await ana.json('replay', 'run', planId, ...why)).toMatchObject({ counts: { replayed: 1 } });
      await waitFor('it to die again', async () => (await letters()).length === death + 1, {
        ...{ timeoutMs: 20_000, everyMs: 100 },
      });
    }
    const { planId } = await ana.json(...poison);
    expect(await ana.json('replay', 'run', planId, ...why)).toMatchObject({
      ...{ state: 'finished', counts: { replayed: 0, shelved: 1 } },
    });
    const { records } = await ana.json('replay', 'result', planId);
    expect(records).toMatchObject([{ outcome: 'shelved', inbox: null }]);
    const { letters: listed } = await ana.json('dlq', 'list', '--event-id', 'e-100');
    expect(listed).toContainEqual(
      expect.objectContaining({ position: records[0].position, replays: 3, reason: 'attempts_exhausted' }),
    );
    expect(await letters()).toHaveLength(4);
  } finally {
    await esteira.stop();
  }
});
