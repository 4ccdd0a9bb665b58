import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { start } from '../../src/index.ts';
import { applyTopics } from '../../src/runtime/topics/index.ts';
import { detachApp } from '../support/detach-app.ts';
import { invoice } from '../support/invoices.ts';
import { openServices } from '../support/open-services.ts';
import { freshName, readTopic } from '../support/scenario.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/wait.ts';
import { startWorkerProcess } from '../support/worker-process.ts';

const SHORT = 20;

// Promise: a job that runs for hours stalls no partition, and one whose process is killed is run again, although its
// offset was committed long before.
test('a job that runs long lets its partition go on, and outlives the process that ran it', async () => {
  const ns = freshName('detach');
  const file = join(temporaryFolder('detach'), 'handlers.txt');
  writeFileSync(file, '');
  const { app, paid } = detachApp(ns, file, () => undefined);
  const services = await openServices(app);
  const { backend } = services;
  await applyTopics(app, backend.broker.admin, {});
  const victim = await startWorkerProcess({
    program: 'test/support/detach-worker.ts',
    env: { DETACH_NS: ns, DETACH_FILE: file, LOG_LEVEL: 'error' },
    logFile: `${file}.log`,
  });
  const options = { environment: { ...process.env, LOG_LEVEL: 'silent' }, backend };
  const publisher = await start(app, { ...options, roles: [] });
  const ids = ['long', ...Array.from({ length: SHORT }, (_, index) => `short-${index}`)];
  for (const id of ids) await publisher.publish(paid, invoice(id), { tenant: 'acme', id });
  const committed = async () =>
    (await backend.broker.admin.committedOffsets(`${ns}.job.settle`, paid.topic))[0]?.offset;
  await waitFor('the partition to go on', async () => (await committed()) === BigInt(1 + SHORT), {
    timeoutMs: 20_000,
  });
  const standIns = () => readTopic(services, `${ns}.job.settle`);
  await waitFor('a stand-in to have come', async () => (await standIns()).length > 0, { timeoutMs: 20_000 });
  expect(startsOf(file, 'long'), 'nobody else runs it').toHaveLength(1);
  await victim.kill();
  const completed: string[] = [];
  const heir = await start(app, {
    ...options,
    engine: { sessionTimeoutMs: 6_000 },
    onJobEvent: ({ type, jobId }) => type === 'job.completed' && completed.push(jobId),
  });
  try {
    await heir.idle({ timeoutMs: 60_000 });
    const [first, second, ...more] = startsOf(file, 'long');
    expect([first?.slice(0, 2), second?.slice(0, 2), more]).toEqual([[1, 1], [1, 2], []]);
    expect(second?.[2]).toBeGreaterThan(first?.[2] ?? 0);
    expect(new Set(completed).size).toBe(1);
    for (const id of ids.slice(1)) expect(startsOf(file, id)).toHaveLength(1);
    expect(await readTopic(services, `${ns}.dlq.settle`)).toEqual([]);
  } finally {
    await heir.stop();
    await publisher.stop();
    await services.close();
  }
});

/** Attempt, starts and fence of each start of a job. */
const startsOf = (file: string, id: string): readonly (readonly number[])[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([of]) => of === id)
    .map(([, ...numbers]) => numbers.map(Number));
