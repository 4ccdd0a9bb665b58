import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AppDefinition } from '../../src/core/app.ts';
import { names } from '../../src/core/names.ts';
import { silentLog } from '../../src/core/ports/log.ts';
import {
  type PlanFile,
  planReplay,
  type ReplayParts,
  type RunResult,
  replayStatus,
  runReplay,
  withReplay,
} from '../../src/runtime/replay/index.ts';
import type { OpenServices } from './open-services.ts';
import { runForeign } from './python.ts';
import { QUICK_POLICY, REPLAY_JOB } from './replay-app.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { waitFor } from './wait.ts';
import { startWorkerProcess } from './worker-process.ts';

/** What the independent reader counted. */
export interface ReplayCounts {
  readonly letters: number;
  readonly records: number;
  readonly replayed: number;
  readonly repeated: number;
  readonly strangers: number;
  readonly outsideThePlan: number;
  readonly differ: number;
}

/** One operator at the services of an app. */
export const asOperator = <T>(
  app: AppDefinition,
  { backend }: OpenServices,
  name: string,
  work: (parts: ReplayParts) => Promise<T>,
): Promise<T> =>
  withReplay(
    {
      ...{ app, backend, log: silentLog, service: { service: 'it', host: `${name}'s terminal` } },
      ...{ operator: { name, roles: ['operator', 'approver'] }, policy: QUICK_POLICY },
    },
    work,
  );

export const planAll = (parts: ReplayParts): Promise<PlanFile> =>
  planReplay(parts, { jobType: REPLAY_JOB, reason: 'ink is back' });

/** How many records the inbox holds. */
export const inboxSize = async (app: AppDefinition, { backend }: OpenServices): Promise<number> => {
  const ranges = await backend.broker.admin.offsetRanges(names.inbox(app.name, REPLAY_JOB));
  return ranges.reduce((sum, { high }) => sum + Number(high), 0);
};

interface KilledRun {
  readonly planId: string;
  readonly rate: number;
  readonly atRecords: number;
  /** Whose app the runner loads. Default `letters`. */
  readonly of?: 'letters' | 'window';
}

/** Starts a process that runs the plan, and kills it as the kernel would once the inbox holds so many records. */
export const runUntilKilled = async (
  app: AppDefinition,
  services: OpenServices,
  { planId, rate, atRecords, of = 'letters' }: KilledRun,
): Promise<void> => {
  const logFile = join(temporaryFolder('replay'), 'runner.log');
  const runner = await startWorkerProcess({
    program: 'test/support/replay-runner.ts',
    env: { REPLAY_NS: app.name, REPLAY_PLAN: planId, REPLAY_RATE: String(rate), REPLAY_OF: of },
    logFile,
  });
  await waitFor(
    `${atRecords} records on the inbox (see ${logFile})`,
    async () => !runner.isAlive() || (await inboxSize(app, services)) >= atRecords,
    { timeoutMs: 120_000, everyMs: 37 },
  );
  if (!runner.isAlive()) throw new Error(`the runner ended before it was killed: see ${logFile}`);
  await runner.kill();
};

/** Goes on with a run whose process is gone, as soon as its claim has ended. */
export const resumeKilled = (
  app: AppDefinition,
  services: OpenServices,
  planId: string,
): Promise<RunResult> =>
  asOperator(app, services, 'ana', async (parts) => {
    await waitFor(
      'the claim of the killed run to end',
      async () => (await replayStatus(parts, planId)).state === 'interrupted',
      { timeoutMs: 3 * (QUICK_POLICY.leaseMs ?? 0), everyMs: 200 },
    );
    return runReplay(parts, { planId, reason: 'it was killed', resume: true });
  });

/** Counts copies on the inbox with a client that knows nothing of Esteira. */
export const countCopies = async (app: AppDefinition, { planId, plan }: PlanFile): Promise<ReplayCounts> => {
  const settings = join(temporaryFolder('replay'), 'settings.json');
  writeFileSync(
    settings,
    JSON.stringify({
      bootstrap: process.env['KAFKA_BROKERS'],
      inbox: names.inbox(app.name, REPLAY_JOB),
      source: plan.topics[0]?.topic,
      replayId: planId,
      ends: Object.fromEntries(
        plan.topics.flatMap(({ ends }) => ends.map(([partition, end]) => [partition, end])),
      ),
    }),
  );
  const counts = await runForeign('read_replays.py', settings);
  if (typeof counts !== 'object' || counts === null || !('records' in counts))
    throw new Error('the independent reader counted nothing');
  const of = (name: keyof ReplayCounts): number => Number(Reflect.get(counts, name));
  return {
    ...{ letters: of('letters'), records: of('records'), replayed: of('replayed'), repeated: of('repeated') },
    ...{ strangers: of('strangers'), outsideThePlan: of('outsideThePlan'), differ: of('differ') },
  };
};
