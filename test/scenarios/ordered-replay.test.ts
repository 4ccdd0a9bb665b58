import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Esteira, start } from '../../src/index.ts';
import { progressOf } from '../../src/runtime/replay-order.ts';
import { applyTopics } from '../../src/runtime/topics/index.ts';
import { heldReplayApp, mendedFile } from '../support/held-replay-app.ts';
import { invoice } from '../support/invoices.ts';
import { openServices } from '../support/open-services.ts';
import { type ReplayBench, replayKey } from '../support/ordered-replays.ts';
import { freshName, readTopic } from '../support/scenario.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/wait.ts';
import { startWorkerProcess } from '../support/worker-process.ts';

/** Lines of the handlers over all processes: what they say, the entry, the fence. */
const linesOf = (file: string, what: 'start' | 'effect') =>
  readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([said]) => said === what)
    .map(([, entry = '', fence]) => ({ entry, fence: Number(fence) }));

const effectsOf = (file: string, key: string): readonly string[] =>
  linesOf(file, 'effect')
    .map(({ entry }) => entry)
    .filter((entry) => entry.startsWith(key));

/** An app whose worker is a process of its own and dies while `a2` is replayed. */
const openAccounts = async () => {
  const ns = freshName('ordered-replay');
  const file = join(temporaryFolder('replay'), 'handlers.txt');
  writeFileSync(file, '');
  const { app, paid } = heldReplayApp(ns, file);
  const services = await openServices(app);
  await applyTopics(app, services.backend.broker.admin, {});
  const victim = await startWorkerProcess({
    program: 'test/support/held-replay-worker.ts',
    env: { CRASH_NS: ns, CRASH_FILE: file, CRASH_ENTRY: 'a2', LOG_LEVEL: 'error' },
    logFile: `${file}.log`,
  });
  const options = { environment: { ...process.env, LOG_LEVEL: 'silent' }, backend: services.backend };
  const publisher = await start(app, { ...options, roles: [] });
  const publish = async (...ids: readonly string[]): Promise<void> => {
    for (const id of ids)
      await publisher.publish(paid, invoice(id, { currency: id.charAt(0) }), { tenant: 'acme', id });
  };
  const replays: ReplayBench = {
    ...{ app, order: services.backend.state.order },
    producer: await services.backend.broker.createProducer(),
    readLetters: () => readTopic(services, `${ns}.dlq.post`),
  };
  const closing: Esteira[] = [publisher];
  return {
    ...{ ns, file, victim, publish, replays, services },
    id: { jobType: 'post', tenant: 'acme', partition: `${ns}.billing.events/0`, orderKey: 'a' },
    /** Starts another worker, in this process. */
    heir: async (): Promise<Esteira> => {
      const heir = await start(app, { ...options, engine: { sessionTimeoutMs: 6_000 } });
      closing.unshift(heir);
      return heir;
    },
    close: async () => {
      for (const one of closing) await one.stop();
      await victim.kill();
      await services.close();
    },
  };
};

// Promise: what died behind a dead record of a held key is replayed in the order of the log, and what arrives meanwhile
// runs behind it, also when the operator and then the worker are killed in between.
test('a held key is replayed in its order, with what arrives behind it, though operator and worker die', async () => {
  const accounts = await openAccounts();
  const { ns, file, victim, publish, replays, id, services } = accounts;
  try {
    await publish('a1', 'b1', 'a2', 'a3', 'b2', 'a4');
    await waitFor('four dead letters', async () => (await replays.readLetters()).length === 4, {
      timeoutMs: 30_000,
    });
    expect(effectsOf(file, 'a')).toEqual([]);
    writeFileSync(mendedFile(file), '');

    const dies = (step: string): void => {
      if (step === 'after write 2') throw new Error('the operator died');
    };
    await expect(replayKey({ ...replays, onStep: dies }, 'r1', id)).rejects.toThrow('the operator died');
    await publish('a5');
    await waitFor('the fifth to die behind them', async () => (await replays.readLetters()).length === 5, {
      timeoutMs: 30_000,
    });
    expect(await replayKey(replays, 'r1', id)).toMatchObject({ kind: 'begun', count: 5 });
    await publish('a6', 'b3', 'a7');
    await waitFor('the worker to die', () => !victim.isAlive(), { timeoutMs: 30_000 });
    const heir = await accounts.heir();
    await waitFor('all entries', () => effectsOf(file, 'a').length >= 7, { timeoutMs: 60_000 });
    await heir.idle({ timeoutMs: 60_000 });

    expect(effectsOf(file, 'a')).toEqual(['a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7']);
    expect(effectsOf(file, 'b')).toEqual(['b1', 'b2', 'b3']);
    const fences = linesOf(file, 'start').flatMap(({ entry, fence }) => (entry === 'a2' ? [fence] : []));
    expect(fences).toHaveLength(2);
    expect(fences).toEqual([...fences].sort((a, b) => a - b));
    expect(await progressOf(replays.order, id, 'r1')).toMatchObject({ state: 'ended', done: 5, count: 5 });
    expect((await replays.order.inspect([id]))[0]).toMatchObject({ diverted: false });
    expect(await replays.readLetters()).toHaveLength(5);

    const copies = (await readTopic(services, `${ns}.wait.post`)).length;
    await publish('a8');
    await heir.idle({ timeoutMs: 30_000 });
    expect(effectsOf(file, 'a').at(-1)).toBe('a8');
    expect((await readTopic(services, `${ns}.wait.post`)).length, 'the key is direct again').toBe(copies);
  } finally {
    await accounts.close();
  }
});
