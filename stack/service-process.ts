import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { ServiceProcess } from './handle.ts';
import type { Watchdog } from './watchdog.ts';

/** How one service is run: the command, where its output goes, and the question that shows it is ready. */
export interface ServiceSpec {
  name: string;
  port: number;
  command: string;
  args: readonly string[];
  cwd: string;
  env?: Record<string, string>;
  logFile: string;
  /** Asks by the service's own protocol; false or an error means: not yet. */
  isReady(): Promise<boolean>;
  readyTimeoutMs: number;
}

const POLL_MS = 50;
const LOG_TAIL_LINES = 20;

/** A handle that starts, kills and freezes one process; `start` must be called once before use. */
export function serviceProcess(spec: ServiceSpec, watchdog: Watchdog): ServiceProcess {
  let child: ChildProcess | undefined;
  return {
    name: spec.name,
    host: '127.0.0.1',
    port: spec.port,
    get pid() {
      return child?.pid ?? 0;
    },
    isAlive: () => child !== undefined && isRunning(child),
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    kill: async () => {
      if (child !== undefined) await killAndWait(child);
    },
    start: async () => {
      if (child !== undefined && isRunning(child))
        throw new Error(`${spec.name} runs already (pid ${child.pid})`);
      child = launch(spec, watchdog);
      await untilReady(spec, child);
    },
  };
}

function launch(spec: ServiceSpec, watchdog: Watchdog): ChildProcess {
  const log = openSync(spec.logFile, 'a');
  try {
    const child = spawn(spec.command, spec.args, {
      cwd: spec.cwd,
      env: { ...process.env, ...spec.env },
      stdio: ['ignore', log, log],
      detached: true, // out of the terminal's group: Ctrl-C ends the program first, then the watchdog ends this
    });
    const { pid } = child;
    child.once('error', () => undefined); // no such command: seen by untilReady as a process that never was
    child.once('exit', () => pid !== undefined && watchdog.forget(pid));
    if (pid !== undefined) watchdog.watch(pid);
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
}

function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

async function killAndWait(child: ChildProcess): Promise<void> {
  if (!isRunning(child)) return;
  child.ref();
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGKILL');
  await gone;
}

async function untilReady(spec: ServiceSpec, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + spec.readyTimeoutMs;
  while (Date.now() < deadline) {
    if (!isRunning(child)) throw await failure(spec, `ended before it was ready (${ending(child)})`);
    if (await spec.isReady().catch(() => false)) return;
    await pause(POLL_MS);
  }
  await killAndWait(child);
  throw await failure(spec, `did not answer on 127.0.0.1:${spec.port} within ${spec.readyTimeoutMs} ms`);
}

function ending(child: ChildProcess): string {
  if (child.pid === undefined) return 'the command could not be run';
  return child.signalCode === null ? `exit code ${child.exitCode}` : `signal ${child.signalCode}`;
}

async function failure(spec: ServiceSpec, what: string): Promise<Error> {
  const log = await readFile(spec.logFile, 'utf8').catch(() => '');
  const tail = log.trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n');
  return new Error(`${spec.name} ${what}. The end of its log:\n${tail}`);
}
