import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { start } from '../../src/index.ts';
import { applyTopics } from '../../src/runtime/topics/index.ts';
import { invoice } from '../support/invoices.ts';
import { openServices } from '../support/open-services.ts';
import { freshName, readTopic } from '../support/scenario.ts';
import { CONCURRENCY, FLOODING, QUIET, surplusApp } from '../support/surplus-app.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/wait.ts';
import { startWorkerProcess } from '../support/worker-process.ts';

const FLOOD = 2_000;
const COPIES_BEFORE_DEATH = 300;

// Promise: a process killed while it moves a flood aside: the next one moves what is left, copies that stand there twice
// take effect once, and nothing is lost.
test('a process killed in the middle of moving a flood aside loses nothing, and only what it ran is repeated', async () => {
  const ns = freshName('surplus-crash');
  const file = join(temporaryFolder('surplus'), 'effects.txt');
  writeFileSync(file, '');
  const { app, paid } = surplusApp(ns, file);
  const services = await openServices(app);
  const { backend } = services;
  await applyTopics(app, backend.broker.admin, {});
  const options = { environment: { ...process.env, LOG_LEVEL: 'silent' }, backend };
  const publisher = await start(app, { ...options, roles: [] });
  const flood = Array.from({ length: FLOOD }, (_, index) => `f-${index}`);
  await Promise.all(flood.map((id) => publisher.publish(paid, invoice(id), { tenant: FLOODING })));
  await publisher.publish(paid, invoice('q'), { tenant: QUIET });
  const victim = await startWorkerProcess({
    program: 'test/support/surplus-worker.ts',
    env: {
      CRASH_NS: ns,
      CRASH_FILE: file,
      CRASH_COPIES: String(COPIES_BEFORE_DEATH),
      LOG_LEVEL: 'error',
    },
    logFile: `${file}.log`,
  });
  await waitFor('the worker to die', () => !victim.isAlive(), { timeoutMs: 60_000 });
  const heir = await start(app, { ...options, engine: { sessionTimeoutMs: 6_000 } });
  try {
    await heir.idle({ timeoutMs: 120_000 });
    const effects = readFileSync(file, 'utf8').trim().split('\n');
    expect(new Set(effects)).toEqual(new Set([...flood.map((id) => `${id} ${FLOODING}`), `q ${QUIET}`]));
    // What ran when its process died, or was on its way to a done mark, had its effect without one.
    expect(effects.length).toBeLessThanOrEqual(FLOOD + 1 + 3 * CONCURRENCY);
    const aside = await readTopic(services, `${ns}.job.settle.surplus`);
    expect(aside.length).toBeGreaterThan(COPIES_BEFORE_DEATH);
    expect(aside.length).toBeLessThanOrEqual(2 * FLOOD);
    expect(await readTopic(services, `${ns}.dlq.settle`)).toEqual([]);
  } finally {
    await heir.stop();
    await publisher.stop();
    await services.close();
  }
});
