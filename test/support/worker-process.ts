import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './source-files.ts';
import { waitFor } from './wait.ts';

/** A worker in a process of its own, so that it can be killed like one. */
export interface WorkerProcess {
  readonly pid: number;
  isAlive(): boolean;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with its exit code. */
  stop(): Promise<number | null>;
  freeze(): void;
  thaw(): void;
}

export interface WorkerProcessOptions {
  /** The program, from the root of the project. */
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
  /** Where its output goes. */
  readonly logFile: string;
  /** Told what the worker says over its channel. */
  readonly onMessage?: (message: unknown) => void;
}

const ended = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
};

const children = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

/** A worker that may not be ready yet. */
export interface SpawnedWorker extends WorkerProcess {
  /** Resolves when it says `ready` over its channel; rejects when it ends before. */
  readonly ready: Promise<void>;
}

/** Starts a worker without waiting until it is ready, so that it can be killed before. */
export const spawnWorkerProcess = (options: WorkerProcessOptions): SpawnedWorker => {
  const log = openSync(options.logFile, 'a');
  const child = spawn(process.execPath, ['--import', 'tsx', join(ROOT, options.program)], {
    cwd: ROOT,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  children.add(child);
  let saidReady = false;
  child.on('message', (message) => {
    saidReady ||= message === 'ready';
    options.onMessage?.(message);
  });
  child.once('exit', () => children.delete(child));
  const isAlive = (): boolean => child.exitCode === null && child.signalCode === null;
  const ready = waitFor(
    `worker ${child.pid} to be ready (see ${options.logFile})`,
    () => {
      if (!saidReady && !isAlive())
        throw new Error(`worker ended with ${child.exitCode ?? child.signalCode}: see ${options.logFile}`);
      return saidReady;
    },
    { timeoutMs: 60_000 },
  ).then(() => undefined);
  // Whoever kills it before need not wait for it.
  ready.catch(() => undefined);
  return {
    pid: child.pid ?? 0,
    ready,
    isAlive,
    kill: async () => {
      child.kill('SIGKILL');
      await ended(child);
    },
    stop: async () => {
      child.kill('SIGTERM');
      await ended(child);
      return child.exitCode;
    },
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
  };
};

/** Starts a worker; resolves when it says `ready` over its channel. */
export const startWorkerProcess = async (options: WorkerProcessOptions): Promise<WorkerProcess> => {
  const worker = spawnWorkerProcess(options);
  await worker.ready;
  return worker;
};
