import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Esteira, start } from '../../src/index.ts';
import { applyTopics } from '../../src/runtime/topics/index.ts';
import { invoice } from './invoices.ts';
import { openServices } from './open-services.ts';
import { FAILING, type ParkingCrash, parkingApp } from './parking-crashes.ts';
import { freshName, readTopic } from './scenario.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { waitFor } from './wait.ts';
import { startWorkerProcess } from './worker-process.ts';

/** What two keys came to, one of which was being parked when its process died. */
export interface ParkingStory {
  /** Numbers of the failing key, in the order of their effects. */
  readonly a: readonly number[];
  /** Numbers of the key beside it, in the order of their first effects. */
  readonly b: readonly number[];
  /** How often the failing key's head was started. */
  readonly headStarts: number;
  readonly fencesGrow: boolean;
  /** Copies on the waiting topic before, and after, one more record of the key. */
  readonly copies: readonly [number, number];
  readonly dead: number;
}

const publish = (
  esteira: Esteira,
  paid: ReturnType<typeof parkingApp>['paid'],
  key: string,
  number: number,
) =>
  esteira.publish(paid, invoice(`${number}`, { currency: key }), { tenant: 'acme', id: `${key}${number}` });

/** What handlers said, over both processes: words of the lines that begin with `what key`. */
const saidOf = (file: string, what: string, key: string): readonly (readonly number[])[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([said, of]) => said === what && of === key)
    .map(([, , number, fence]) => [Number(number), Number(fence)]);

const storyOf = (file: string): Pick<ParkingStory, 'a' | 'b' | 'headStarts' | 'fencesGrow'> => {
  const fences = saidOf(file, 'start', 'a').flatMap(([number, fence]) => (number === 1 ? [fence ?? 0] : []));
  return {
    a: saidOf(file, 'effect', 'a').map(([number]) => number ?? 0),
    b: [...new Set(saidOf(file, 'effect', 'b').map(([number]) => number ?? 0))],
    headStarts: fences.length,
    fencesGrow: fences.every((fence, index) => index === 0 || fence > (fences[index - 1] ?? 0)),
  };
};

/** Lets a worker of its own die at a point, and another take over; answers once a later record of the key is done. */
export const crashWhileParking = async (point: ParkingCrash): Promise<ParkingStory> => {
  const ns = freshName('parking');
  const file = join(temporaryFolder('parking'), 'handlers.txt');
  writeFileSync(file, '');
  const { app, paid } = parkingApp(ns, file, () => undefined);
  const services = await openServices(app);
  const { backend } = services;
  await applyTopics(app, backend.broker.admin, {});
  const victim = await startWorkerProcess({
    program: 'test/support/parking-worker.ts',
    env: { CRASH_POINT: point, CRASH_NS: ns, CRASH_FILE: file, LOG_LEVEL: 'error' },
    logFile: `${file}.log`,
  });
  const options = { environment: { ...process.env, LOG_LEVEL: 'silent' }, backend };
  const publisher = await start(app, { ...options, roles: [] });
  for (let number = 1; number <= FAILING; number += 1) {
    await publish(publisher, paid, 'a', number);
    await publish(publisher, paid, 'b', number);
  }
  await waitFor(`the worker to die ${point}`, () => !victim.isAlive(), { timeoutMs: 30_000 });
  const heir = await start(app, { ...options, engine: { sessionTimeoutMs: 6_000 } });
  try {
    await heir.idle({ timeoutMs: 60_000 });
    const copies = async (): Promise<number> => (await readTopic(services, `${ns}.wait.settle`)).length;
    const before = await copies();
    await publish(publisher, paid, 'a', FAILING + 1);
    await heir.idle({ timeoutMs: 30_000 });
    const dead = (await readTopic(services, `${ns}.dlq.settle`)).length;
    return { ...storyOf(file), copies: [before, await copies()], dead };
  } finally {
    await heir.stop();
    await publisher.stop();
    await victim.kill();
    await services.close();
  }
};
