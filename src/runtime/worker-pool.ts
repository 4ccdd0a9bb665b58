import type { EngineParts, Worker, WorkerStatus } from '../consumers/engine-parts.ts';
import { JobWorker } from '../consumers/job-worker.ts';
import { Relay } from '../consumers/relay.ts';

/** A part an `esteira start` process plays. */
export type Role = 'worker' | 'relay';

export const ROLES: readonly Role[] = ['worker', 'relay'];

/** Every consuming part of a process. */
export interface Workers {
  start(): Promise<void>;
  drain(graceMs: number): Promise<void>;
  stop(): Promise<void>;
  status(): readonly WorkerStatus[];
}

/** Makes the workers of these roles: one for each job type, one relay for each tier. */
export const createWorkers = (parts: EngineParts, roles: readonly Role[]): Workers => {
  const relays = roles.includes('relay') ? parts.app.ladderMs.map((tierMs) => new Relay(parts, tierMs)) : [];
  const jobs = roles.includes('worker') ? parts.app.jobs.map((job) => new JobWorker(parts, job)) : [];
  const all: readonly Worker[] = [...relays, ...jobs];
  const each = async (call: (worker: Worker) => Promise<void>): Promise<void> => {
    await Promise.all(all.map(call));
  };
  return {
    start: () => each((worker) => worker.start()),
    drain: (graceMs) => each((worker) => worker.drain(graceMs)),
    stop: () => each((worker) => worker.stop()),
    status: () => all.map((worker) => worker.status()),
  };
};
