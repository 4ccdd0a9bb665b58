import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { parseEnvelope } from '../../src/core/envelope.ts';
import { type Esteira, start } from '../../src/index.ts';
import { applyTopics } from '../../src/runtime/topics/index.ts';
import { openServices } from './open-services.ts';
import { operatorOf } from './operator.ts';
import { startOwnRedis } from './own-redis.ts';
import { freshName, readTopic } from './scenario.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { waitFor } from './wait.ts';
import { startWorkerProcess, type WorkerProcess } from './worker-process.ts';

const SLOW = { timeoutMs: 30_000, everyMs: 50 };

/** Two worker processes, a Redis of their own, an operator and a ledger of what ran. */
export const openScene = async (prefix: string, concurrency: number) => {
  const folder = temporaryFolder(prefix);
  const ns = freshName(prefix);
  const ledger = join(folder, 'ledger');
  Object.assign(process.env, { CONTROL_NS: ns, CONTROL_LEDGER: ledger });
  await writeFile(ledger, '');
  const operators = { [userInfo().username]: { name: 'ana', roles: ['operator'] } };
  await writeFile(join(folder, 'operators.json'), JSON.stringify({ operators }));
  const redis = await startOwnRedis();
  const environment = {
    ...process.env,
    ...{ REDIS_URL: redis.url, LOG_LEVEL: 'silent', HEALTH_PORT: '0', WORKER_SHUTDOWN_GRACE_SECONDS: '2' },
    ...{
      ESTEIRA_APP: 'test/support/operated-app.ts',
      ESTEIRA_OPERATORS_FILE: join(folder, 'operators.json'),
    },
  };
  const parts = await import('./operated-app.ts');
  const services = await openServices(parts.default, environment);
  const { backend } = services;
  await applyTopics(parts.default, backend.broker.admin, {});
  const producing: Esteira = await start(parts.default, { environment, backend, roles: [] });
  const workers: WorkerProcess[] = [];
  const logs: string[] = [];
  const lines = async (): Promise<readonly string[]> => (await readFile(ledger, 'utf8')).split('\n');
  const ranOf = async (type: string): Promise<readonly string[]> =>
    (await lines()).flatMap((line) => (line.startsWith(`${type} `) ? [line.slice(type.length + 1)] : []));
  /** How many rules stand, as each process knows it. */
  const rulesRead = async (): Promise<readonly number[]> => {
    const texts = await Promise.all(logs.map((log) => readFile(log, 'utf8')));
    return texts.map((text) => {
      const line = text.split('\n').findLast((one) => one.includes('rules of operators have changed'));
      return line === undefined ? 0 : Number(JSON.parse(line).rules);
    });
  };
  return {
    ...parts,
    ...operatorOf(environment),
    ...{ ns, ledger, backend, producing, lines, ranOf, rulesRead },
    startWorker: async (): Promise<WorkerProcess> => {
      const logFile = join(folder, `worker-${randomUUID()}.log`);
      logs.push(logFile);
      const worker = await startWorkerProcess({
        ...{ program: 'test/support/operated-worker.ts', logFile },
        env: {
          ...{ REDIS_URL: redis.url, LOG_LEVEL: 'info', HEALTH_PORT: '0', CONTROL_NS: ns },
          ...{ CONTROL_LEDGER: ledger, WORKER_MAX_CONCURRENT_JOBS: String(concurrency) },
          WORKER_SHUTDOWN_GRACE_SECONDS: '2',
        },
      }).catch(async (cause: unknown) => {
        // Where tests run elsewhere nobody sees the folder.
        throw new Error(`a worker did not start: ${(await readFile(logFile, 'utf8')).slice(-3_000)}`, {
          cause,
        });
      });
      workers.push(worker);
      return worker;
    },
    /** Ends all workers in order; their logs count no more. */
    stopWorkers: async (): Promise<void> => {
      await Promise.all(workers.splice(0).map((worker) => worker.stop()));
      logs.splice(0);
    },
    loseRedis: async (): Promise<void> => {
      await redis.server.kill();
      await redis.server.start({ keepData: false });
    },
    untilRan: (type: string, times: number): Promise<unknown> =>
      waitFor(`${times} of ${type}`, async () => (await ranOf(type)).length === times, SLOW),
    letters: async (type: string): Promise<number> => {
      const ranges = await backend.broker.admin.offsetRanges(`${ns}.dlq.${type}`);
      return ranges.reduce((sum, { low, high }) => sum + Number(high - low), 0);
    },
    /** The ids of the jobs that are dead letters. */
    lettersOf: async (type: string): Promise<ReadonlySet<string>> => {
      const records = await readTopic(services, `${ns}.dlq.${type}`);
      return new Set(records.map(({ headers }) => parseEnvelope(headers, true).job?.id ?? ''));
    },
    close: async (): Promise<void> => {
      for (const worker of workers) if (worker.isAlive()) await worker.kill();
      await producing.stop();
      await services.close();
      await redis.stop();
    },
  };
};

export type Scene = Awaited<ReturnType<typeof openScene>>;
