import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { names } from '../../src/core/names.ts';
import type { BrokerAdmin } from '../../src/core/ports/broker.ts';
import { type Esteira, start } from '../../src/index.ts';
import { applyTopics } from '../../src/runtime/topics/index.ts';
import { invoice } from '../support/invoices.ts';
import { openServices } from '../support/open-services.ts';
import { freshName, readTopic } from '../support/scenario.ts';
import { scenarioApp, scenarioEvent, TENANTS } from '../support/scenario-app.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { pause, waitFor } from '../support/wait.ts';
import { startWorkerProcess, type WorkerProcess } from '../support/worker-process.ts';

const CONCURRENCY = 10;
const WORK_MS = 20;
const SESSION_MS = 6_000;
const EVERY_MS = 4;
const LONG = { timeoutMs: 90_000, everyMs: 100 };

const workers: WorkerProcess[] = [];
afterAll(() => Promise.all(workers.map((worker) => worker.kill())));

/** Publishes one event after the other until it is stopped, which answers their ids. */
const publishSteadily = (esteira: Esteira, ns: string): (() => Promise<readonly string[]>) => {
  const ids: string[] = [];
  let isOn = true;
  const running = (async () => {
    for (let index = 0; isOn; index += 1) {
      const id = `p-${index}`;
      const tenant = TENANTS[index % TENANTS.length] ?? '';
      await esteira.publish(scenarioEvent(ns), invoice(id), { tenant, id });
      ids.push(id);
      await pause(EVERY_MS);
    }
  })();
  return async () => {
    isOn = false;
    await running;
    return ids;
  };
};

/** Looks at the committed offsets of a group until it is stopped, which answers those that moved back. */
const watchCommits = (admin: BrokerAdmin, groupId: string, topic: string) => {
  const highest = new Map<number, bigint>();
  const back: string[] = [];
  let isOn = true;
  const running = (async () => {
    while (isOn) {
      for (const { partition, offset } of await admin.committedOffsets(groupId, topic)) {
        const before = highest.get(partition) ?? offset;
        if (offset < before) back.push(`${partition}: ${before} to ${offset}`);
        highest.set(partition, offset > before ? offset : before);
      }
      await pause(50);
    }
  })();
  return async (): Promise<readonly string[]> => {
    isOn = false;
    await running;
    return back;
  };
};

// Promise: a process that is frozen past its session, and woken when another one has its partitions, loses nothing, moves
// no committed offset back, and comes back to work; twice takes effect at most what it had in its hands.
test('a process that sleeps through its session and wakes skips nothing, takes nothing back, and works again', async () => {
  const ns = freshName('frozen');
  const dir = temporaryFolder('frozen');
  const ledger = join(dir, 'ledger.tsv');
  writeFileSync(ledger, '');
  const effects = (): readonly string[] =>
    readFileSync(ledger, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split('\t')[0] ?? '');
  const app = scenarioApp({ ns, ledger });
  const services = await openServices(app);
  const { admin } = services.backend.broker;
  const groupId = names.jobGroup(ns, 'settle-invoice');
  const topic = `${ns}.billing.events`;
  const members = async () => (await admin.memberCounts([groupId])).get(groupId);
  await applyTopics(app, admin, {});
  const startOne = async () => {
    const worker = await startWorkerProcess({
      program: 'test/support/scenario-worker.ts',
      env: {
        ...{ SCENARIO_NS: ns, SCENARIO_LEDGER: ledger, SCENARIO_WORK_MS: String(WORK_MS), LOG_LEVEL: 'warn' },
        ...{ SCENARIO_SESSION_MS: String(SESSION_MS), WORKER_MAX_CONCURRENT_JOBS: String(CONCURRENCY) },
      },
      logFile: join(dir, 'workers.log'),
    });
    workers.push(worker);
    return worker;
  };
  const publisher = await start(app, {
    environment: { ...process.env, LOG_LEVEL: 'silent' },
    backend: services.backend,
    roles: [],
  });
  try {
    await startOne();
    const sleeper = await startOne();
    const stopWatching = watchCommits(admin, groupId, topic);
    const stopPublishing = publishSteadily(publisher, ns);
    await waitFor('some effects', () => effects().length > 300, LONG);

    sleeper.freeze();
    await waitFor('the sleeper to be put out of its group', async () => (await members()) === 1, LONG);
    const asleep = effects().length;
    await waitFor('the other one to go on', () => effects().length > asleep + 500, LONG);
    sleeper.thaw();
    await waitFor('the sleeper to be back in its group', async () => (await members()) === 2, LONG);
    const awake = effects().length;
    await waitFor('both to go on', () => effects().length > awake + 500, LONG);

    const ids = await stopPublishing();
    await publisher.idle({ timeoutMs: 120_000 });
    const moved = await stopWatching();
    const all = effects();
    expect(new Set(all)).toEqual(new Set(ids));
    expect(all.length - ids.length).toBeLessThanOrEqual(3 * CONCURRENCY);
    expect(moved).toEqual([]);
    expect(await readTopic(services, names.deadLetters(ns, 'settle-invoice'))).toEqual([]);
    expect(sleeper.isAlive()).toBe(true);
    expect(await Promise.all(workers.map((worker) => worker.stop()))).toEqual([0, 0]);
  } finally {
    await publisher.stop();
    await services.close();
  }
});
