import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { start } from '../../src/index.ts';
import { applyTopics } from '../../src/runtime/topics/index.ts';
import { CRASH_POINTS, type CrashPoint, crashApp } from '../support/crash-points.ts';
import { invoice } from '../support/invoices.ts';
import { openServices } from '../support/open-services.ts';
import { startOwnRedis } from '../support/own-redis.ts';
import { freshName } from '../support/scenario.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/wait.ts';
import { startWorkerProcess } from '../support/worker-process.ts';

const nothing = (): void => undefined;

/** An app whose job `settle` is followed by `pack`, on a Redis of its own. */
const openPlace = async () => {
  const ns = freshName('lost');
  const file = join(temporaryFolder('lost'), 'handlers.txt');
  writeFileSync(file, '');
  const redis = await startOwnRedis();
  const { app, paid } = crashApp(ns, file, nothing, nothing);
  const environment = { ...process.env, LOG_LEVEL: 'silent', REDIS_URL: redis.url };
  const services = await openServices(app, environment);
  await applyTopics(app, services.backend.broker.admin, {});
  const lines = (what: string): readonly string[] =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith(what));
  return {
    ...{ ns, file, redis, app, paid, environment, lines, backend: services.backend },
    /** All that Redis knew is gone. */
    lose: async (): Promise<void> => {
      await redis.server.kill();
      await redis.server.start({ keepData: false });
    },
    close: async (): Promise<void> => {
      await services.close();
      await redis.stop();
    },
  };
};

// Promise: Redis loses everything between the done mark of a job and the job that follows it: the follower runs once.
test.concurrent('the process lives: what follows is asked for from memory, and nothing runs twice', async () => {
  const place = await openPlace();
  const { app, backend, environment } = place;
  const { state } = backend;
  let isLost = false;
  const losing: typeof state = {
    ...state,
    complete: async (requests) => {
      const answers = await state.complete(requests);
      if (!isLost) {
        isLost = true;
        await place.lose();
      }
      return answers;
    },
  };
  const esteira = await start(app, { environment, backend: { ...backend, state: losing } });
  try {
    await esteira.publish(place.paid, invoice('p', { invoiceId: 'ok' }), { tenant: 'acme' });
    await esteira.idle({ timeoutMs: 60_000 });
    expect([isLost, place.lines('effect').length, place.lines('followed').length]).toEqual([true, 1, 1]);
  } finally {
    await esteira.stop();
    await place.close();
  }
});

const POINTS: readonly CrashPoint[] = ['after the done mark', 'after its follower was written'];

// The mark went with the data, so the job runs once more, with a higher fence; what follows has the same id as before.
test.concurrent.each(POINTS)(
  'its process dies too, %s: the job runs again with a higher fence, what follows runs once',
  async (point) => {
    const place = await openPlace();
    const { app, ns, file, backend, environment } = place;
    const options = { environment, backend };
    const publisher = await start(app, { ...options, roles: [] });
    const victim = await startWorkerProcess({
      program: 'test/support/crash-worker.ts',
      env: {
        CRASH_POINT: point,
        CRASH_NS: ns,
        CRASH_FILE: file,
        LOG_LEVEL: 'error',
        REDIS_URL: place.redis.url,
      },
      logFile: `${file}.log`,
    });
    await publisher.publish(place.paid, invoice('p', { invoiceId: CRASH_POINTS[point] }), { tenant: 'acme' });
    await waitFor(`the worker to die ${point}`, () => !victim.isAlive(), { timeoutMs: 60_000 });
    await place.lose();
    const heir = await start(app, { ...options, engine: { sessionTimeoutMs: 6_000 } });
    try {
      await heir.idle({ timeoutMs: 60_000 });
      const fences = place.lines('effect').map((line) => Number(line.split(' ')[2]));
      expect(fences).toHaveLength(2);
      expect(fences[1]).toBeGreaterThan(fences[0] ?? 0);
      expect(place.lines('followed')).toHaveLength(1);
    } finally {
      await heir.stop();
      await publisher.stop();
      await place.close();
    }
  },
);
