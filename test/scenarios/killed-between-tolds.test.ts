import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { JobEvent, start } from '../../src/index.ts';
import { applyTopics } from '../../src/runtime/topics/index.ts';
import { invoice } from '../support/invoices.ts';
import { type OpenServices, openServices } from '../support/open-services.ts';
import { freshName, readTopic } from '../support/scenario.ts';
import { CONCURRENCY, SHELF_DEATHS, shelfApp } from '../support/shelf-app.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/wait.ts';
import { startWorkerProcess } from '../support/worker-process.ts';

const JOBS = 300;

/** The ids of what was told of completions, by job. */
const completionsTold = async (
  { backend }: OpenServices,
  records: Awaited<ReturnType<typeof readTopic>>,
): Promise<ReadonlyMap<string, ReadonlySet<string>>> => {
  const told = new Map<string, Set<string>>();
  for (const { value } of records) {
    const decoded = await backend.serde.decode(JobEvent, value);
    if (!decoded.ok || decoded.value.type !== 'job.completed') continue;
    const { jobId, eventId } = decoded.value;
    told.set(jobId, (told.get(jobId) ?? new Set()).add(eventId));
  }
  return told;
};

// Promise: what a done mark has still to tell is told by whoever finds it. Done marks of one call keep their events on one
// shelf: a process that dies with all of it, or half of it, untold takes nothing with it, and no event gets a second id.
test.concurrent.each(SHELF_DEATHS)(
  'a process killed with a shelf of events, %s: every completion is told, under one id',
  async (death) => {
    const ns = freshName('shelf');
    const file = join(temporaryFolder('shelf'), 'effects.txt');
    writeFileSync(file, '');
    const { app, paid } = shelfApp(ns, file);
    const services = await openServices(app);
    const { backend } = services;
    await applyTopics(app, backend.broker.admin, {});
    const options = { environment: { ...process.env, LOG_LEVEL: 'silent' }, backend };
    const publisher = await start(app, { ...options, roles: [] });
    const ids = Array.from({ length: JOBS }, (_, index) => `p-${index}`);
    await Promise.all(ids.map((id) => publisher.publish(paid, invoice(id), { tenant: 'acme' })));
    const victim = await startWorkerProcess({
      program: 'test/support/shelf-worker.ts',
      env: { SHELF_NS: ns, SHELF_FILE: file, SHELF_DEATH: death, LOG_LEVEL: 'error' },
      logFile: `${file}.log`,
    });
    await waitFor('the worker to die', () => !victim.isAlive(), { timeoutMs: 60_000 });
    const heir = await start(app, { ...options, engine: { sessionTimeoutMs: 6_000 } });
    try {
      await heir.idle({ timeoutMs: 90_000 });
      const told = await completionsTold(services, await readTopic(services, `${ns}.telemetry.jobs`));
      expect(told.size).toBe(JOBS);
      expect([...told.values()].filter(({ size }) => size !== 1)).toEqual([]);
      const effects = readFileSync(file, 'utf8').trim().split('\n');
      expect(new Set(effects)).toEqual(new Set(ids));
      // What was on its way to a done mark when its process died had its effect without one.
      expect(effects.length).toBeLessThanOrEqual(JOBS + 2 * CONCURRENCY);
      expect(await readTopic(services, `${ns}.dlq.settle`)).toEqual([]);
    } finally {
      await heir.stop();
      await publisher.stop();
      await services.close();
    }
  },
);
