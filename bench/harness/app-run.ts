import { z } from 'zod';
import { names } from '../../src/core/names.ts';
import { applyTopics } from '../../src/runtime/topics/index.ts';
import type { AppShape } from '../contestants/app-shape.ts';
import { openBenchBackend } from '../contestants/backend.ts';
import { benchApp } from '../contestants/bench-app.ts';
import type { StreamPlan } from '../contestants/streams.ts';
import { type WorkerPlan, WorkerResult } from '../contestants/worker-input.ts';
import type { Child } from './child.ts';
import type { Stage, StartOptions } from './stage.ts';

/** Makes the topics and first offsets of an app. */
export const prepareApp = async (stage: Stage, shape: AppShape): Promise<void> => {
  const app = benchApp(shape);
  const backend = await openBenchBackend(app, stage.env);
  try {
    await applyTopics(app, backend.broker.admin, {});
  } finally {
    await backend.close();
  }
};

/** Writes a backlog in a process of its own. */
export const writeBacklog = async (
  stage: Stage,
  shape: AppShape,
  streams: readonly StreamPlan[],
): Promise<void> => {
  const input = { shape, streams };
  await stage.start('backlog-writer', input, z.object({ written: z.number() })).result;
};

const Published = z.object({ published: z.number(), lateP99Ms: z.number() });

/** Publishes steady streams with the public API in a process of its own. */
export const startPublisher = (
  stage: Stage,
  shape: AppShape,
  streams: readonly StreamPlan[],
): Child<z.infer<typeof Published>> => stage.start('steady-publisher', { shape, streams }, Published);

/** Starts a measured worker. */
export const startWorker = (
  stage: Stage,
  plan: WorkerPlan,
  options: StartOptions<WorkerResult> = {},
): Child<WorkerResult> => stage.start('esteira-worker', plan, WorkerResult, options);

/** Records on the telemetry topic of an app. */
export const countTold = async (stage: Stage, shape: AppShape): Promise<number> => {
  const backend = await openBenchBackend(benchApp(shape), stage.env);
  try {
    const ranges = await backend.broker.admin.offsetRanges(names.telemetry(shape.ns));
    return Number(ranges.reduce((sum, { low, high }) => sum + (high - low), 0n));
  } finally {
    await backend.close();
  }
};
