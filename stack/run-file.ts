import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StackWay } from './handle.ts';
import { identify, type ProcessIdentity, stillRuns } from './process-identity.ts';
import { STACK_DIR } from './stack-dir.ts';

/** Where the running stack is written down; not for git. */
export const RUN_DIR = join(STACK_DIR, '.run');

/** What `up` leaves for `down` and for a second `up`. */
export interface RunningStack {
  way: StackWay;
  /** The process that holds the stack: when it goes, everything goes. */
  supervisor: ProcessIdentity;
  /** The services themselves, by name; for people, and for what a dead supervisor should have left behind. */
  services: Record<string, ProcessIdentity>;
  env: Record<string, string>;
}

/** The stack that runs now; undefined when there is none, or when what is written down runs no more. */
export function runningStack(runDir = RUN_DIR): RunningStack | undefined {
  const written = writtenStack(runDir);
  return written !== undefined && stillRuns(written.supervisor) ? written : undefined;
}

/** What is written down, whether it runs or not; undefined also for a file that is no such record. */
export function writtenStack(runDir = RUN_DIR): RunningStack | undefined {
  try {
    const record: unknown = JSON.parse(readFileSync(fileOf(runDir), 'utf8'));
    return isRunningStack(record) ? record : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || isMissing(error)) return undefined;
    throw error;
  }
}

/** Writes the record at once or not at all. */
export function writeStack(
  stack: { way: StackWay; env: Record<string, string>; pids: Record<string, number> },
  runDir = RUN_DIR,
): void {
  const supervisor = identify(process.pid);
  if (supervisor === undefined) throw new Error('This system does not tell when a process started');
  const services: Record<string, ProcessIdentity> = {};
  for (const [name, pid] of Object.entries(stack.pids)) {
    const identity = identify(pid);
    if (identity !== undefined) services[name] = identity;
  }
  const record: RunningStack = { way: stack.way, supervisor, services, env: stack.env };
  mkdirSync(runDir, { recursive: true });
  const aside = `${fileOf(runDir)}.${process.pid}`;
  writeFileSync(aside, `${JSON.stringify(record, null, 2)}\n`);
  renameSync(aside, fileOf(runDir));
}

/** Removes the record. */
export function forgetStack(runDir = RUN_DIR): void {
  rmSync(fileOf(runDir), { force: true });
}

function fileOf(runDir: string): string {
  return join(runDir, 'stack.json');
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function isRunningStack(value: unknown): value is RunningStack {
  return (
    isRecord(value) &&
    isIdentity(value['supervisor']) &&
    isRecord(value['services']) &&
    Object.values(value['services']).every(isIdentity) &&
    isRecord(value['env']) &&
    Object.values(value['env']).every((each) => typeof each === 'string')
  );
}

function isIdentity(value: unknown): value is ProcessIdentity {
  return isRecord(value) && typeof value['pid'] === 'number' && typeof value['startedAt'] === 'string';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
