import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { groupsOf } from '../../src/core/app-topics.ts';
import { start } from '../../src/index.ts';
import { applyTopics } from '../../src/runtime/topics/index.ts';
import { openServices } from './open-services.ts';
import { runForeign } from './python.ts';
import { scenarioApp, TENANTS } from './scenario-app.ts';
import { ROOT } from './source-files.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { waitFor } from './wait.ts';
import { startWorkerProcess, type WorkerProcess } from './worker-process.ts';

/** What the independent reader counted. */
export interface ForeignCounts {
  readonly events: number;
  readonly duplicates: number;
  readonly kinds: Readonly<Record<string, number>>;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly told: Readonly<Record<string, number>>;
  readonly strangers: number;
  readonly deadLetters: Readonly<Record<string, number>>;
  readonly deadLettersRepeated: number;
  readonly deadLettersRepeatedBy: Readonly<Record<string, number>>;
  readonly deadLettersDiffer: readonly string[];
  readonly failures: Readonly<Record<string, number>>;
  readonly effects: number;
  readonly effectsRepeated: number;
  readonly fencesRepeated: number;
  readonly behind: readonly string[];
}

const WORKER_CONCURRENCY = 10;

const lines = (file: string): number => readFileSync(file, 'utf8').split('\n').length - 1;

/**
 * Events of a foreign hand, two worker processes, one killed in mid-run and started again; then everything is counted
 * by a program that knows only the wire contract.
 */
export const runForeignScenario = async (events: number): Promise<ForeignCounts> => {
  const dir = temporaryFolder('foreign');
  const ns = `it-foreign-${dir
    .slice(-6)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, 'x')}`;
  const ledger = join(dir, 'ledger.tsv');
  writeFileSync(ledger, '');
  const app = scenarioApp({ ns, ledger });
  const services = await openServices(app);
  const workers: WorkerProcess[] = [];
  const startOne = async (): Promise<WorkerProcess> => {
    const worker = await startWorkerProcess({
      program: 'test/support/scenario-worker.ts',
      env: {
        SCENARIO_NS: ns,
        SCENARIO_LEDGER: ledger,
        WORKER_MAX_CONCURRENT_JOBS: String(WORKER_CONCURRENCY),
        LOG_LEVEL: 'warn',
      },
      logFile: join(dir, 'workers.log'),
    });
    workers.push(worker);
    return worker;
  };
  try {
    await applyTopics(app, services.backend.broker.admin, {});
    const settings = settingsFile(dir, app, ns, ledger, events);
    await startOne();
    const victim = await startOne();
    const producing = runForeign('produce.py', settings);
    await waitFor('a third of the effects', () => lines(ledger) > events / 3, { timeoutMs: 300_000 });
    await victim.kill();
    await startOne();
    await producing;
    const observer = await start(app, { backend: services.backend, roles: [] });
    await observer.idle({ timeoutMs: 600_000 });
    await observer.stop();
    for (const worker of workers) if (worker !== victim) await worker.stop();
    return (await runForeign('verify.py', settings)) as ForeignCounts;
  } finally {
    await Promise.all(workers.map((worker) => worker.kill()));
    await services.close();
  }
};

const settingsFile = (
  dir: string,
  app: ReturnType<typeof scenarioApp>,
  ns: string,
  ledger: string,
  events: number,
): string => {
  const file = join(dir, 'settings.json');
  const groups = Object.fromEntries(
    groupsOf(app).map(({ groupId, starts }) => [groupId, starts.map(({ topic }) => topic)]),
  );
  writeFileSync(
    file,
    JSON.stringify({
      bootstrap: process.env['KAFKA_BROKERS'],
      registry: process.env['SCHEMA_REGISTRY_URL'],
      schema: join(ROOT, 'schemas/events/invoice-paid.avsc'),
      topic: `${ns}.billing.events`,
      events,
      tenants: TENANTS.length,
      seed: 20_261_122,
      manifest: join(dir, 'manifest.jsonl'),
      ns,
      jobType: 'settle-invoice',
      ledger,
      groups,
    }),
  );
  return file;
};

/** Raw repeats may be as many as jobs were in flight at the kill. */
export const MOST_REPEATS = WORKER_CONCURRENCY;
