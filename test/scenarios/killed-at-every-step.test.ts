import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { JobEvent, start } from '../../src/index.ts';
import { applyTopics } from '../../src/runtime/topics/index.ts';
import { CRASH_POINTS, type CrashPoint, crashApp } from '../support/crash-points.ts';
import { invoice } from '../support/invoices.ts';
import { openServices } from '../support/open-services.ts';
import { freshName, readTopic } from '../support/scenario.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/wait.ts';
import { startWorkerProcess } from '../support/worker-process.ts';

/** What one job came to, read from the topics and from what its handlers said. */
interface Story {
  readonly starts: number;
  readonly effects: number;
  readonly fencesGrow: boolean;
  readonly completed: number;
  /** Runs of the job that follows. */
  readonly followed: number;
  readonly deadJobs: number;
}

const nothing = (): void => undefined;

const crashAndTakeOver = async (point: CrashPoint): Promise<Story> => {
  const ns = freshName('crash');
  const file = join(temporaryFolder('crash'), 'handlers.txt');
  writeFileSync(file, '');
  const { app, paid } = crashApp(ns, file, nothing, nothing);
  const services = await openServices(app);
  const { backend } = services;
  await applyTopics(app, backend.broker.admin, {});
  const victim = await startWorkerProcess({
    program: 'test/support/crash-worker.ts',
    env: { CRASH_POINT: point, CRASH_NS: ns, CRASH_FILE: file, LOG_LEVEL: 'error' },
    logFile: `${file}.log`,
  });
  const options = { environment: { ...process.env, LOG_LEVEL: 'silent' }, backend };
  const publisher = await start(app, { ...options, roles: [] });
  await publisher.publish(paid, invoice('p', { invoiceId: CRASH_POINTS[point] }), { tenant: 'acme' });
  await waitFor(`the worker to die ${point}`, () => !victim.isAlive(), { timeoutMs: 30_000 });
  const heir = await start(app, { ...options, engine: { sessionTimeoutMs: 6_000 } });
  try {
    await heir.idle({ timeoutMs: 60_000 });
    const told = new Map<string, JobEvent>();
    for (const { value } of await readTopic(services, `${ns}.telemetry.jobs`)) {
      const decoded = await backend.serde.decode(JobEvent, value);
      if (decoded.ok) told.set(decoded.value.eventId, decoded.value);
    }
    const dead = await readTopic(services, `${ns}.dlq.settle`);
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    const fences = lines.filter((line) => line.startsWith('start')).map((line) => Number(line.split(' ')[2]));
    return {
      starts: fences.length,
      effects: lines.filter((line) => line.startsWith('effect')).length,
      fencesGrow: fences.every((fence, index) => index === 0 || fence > (fences[index - 1] ?? 0)),
      completed: [...told.values()].filter(
        ({ type, jobType }) => type === 'job.completed' && jobType === 'settle',
      ).length,
      followed: lines.filter((line) => line.startsWith('followed')).length,
      deadJobs: new Set(
        dead.map(({ headers }) => headers.find(([name]) => name === 'job-id')?.[1]?.toString()),
      ).size,
    };
  } finally {
    await heir.stop();
    await publisher.stop();
    await victim.kill();
    await services.close();
  }
};

const done = { effects: 1, fencesGrow: true, completed: 1, followed: 1, deadJobs: 0 };
const given = { effects: 0, fencesGrow: true, completed: 0, followed: 0, deadJobs: 1 };

const EXPECTED: Readonly<Record<CrashPoint, Story>> = {
  'after the claim': { ...done, starts: 1 },
  'in the handler': { ...done, starts: 2 },
  // The one case no queue can close by itself: the sink sees two fences and can refuse the older.
  'after the effect': { ...done, starts: 2, effects: 2 },
  'after the done mark': { ...done, starts: 1 },
  'after its follower was written': { ...done, starts: 1 },
  'after its telemetry, before the commit': { ...done, starts: 1 },
  'after the decision to retry': { ...done, starts: 2 },
  'after the retry was written': { ...done, starts: 2 },
  'after the decision to give up': { ...given, starts: 2 },
  'after the dead letter was written': { ...given, starts: 2 },
};

// Promise: a process killed at any point: delivered again; finished jobs are skipped; a decided hop is written again,
// not run again; an unfinished one starts again after its lease with a higher fence. What follows a job follows once.
test.concurrent.each(Object.keys(CRASH_POINTS) as CrashPoint[])(
  'a process killed %s leaves one terminal state and runs no handler twice without need',
  async (point) => {
    expect(await crashAndTakeOver(point)).toEqual(EXPECTED[point]);
  },
);
