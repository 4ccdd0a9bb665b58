import { z } from 'zod';
import { readEnvironment } from '../../src/config/index.ts';
import { type JobEvent, start } from '../../src/index.ts';
import { AppShape } from './app-shape.ts';
import { benchApp } from './bench-app.ts';
import { answer, errorsOnly, readInput, say } from './channel.ts';
import { epochMs } from './epoch.ts';

// Fails each job once and notes how late, or early, its repeat starts.

const input = await readInput(z.object({ shape: AppShape, expected: z.number() }));
const dueMs = new Map<string, number>();
const latenessMs: Record<string, number[]> = {};
let repeats = 0;
let over: () => void = () => undefined;
const isOver = new Promise<void>((resolve) => {
  over = resolve;
});

const noteDue = ({ type, jobId, dueAt }: JobEvent): void => {
  if (type === 'job.retried' && dueAt !== null) dueMs.set(jobId, dueAt);
};

const noteRepeat = (jobId: string, jobType: string): void => {
  const due = dueMs.get(jobId);
  if (due === undefined) throw new Error(`the repeat of ${jobId} was never told`);
  dueMs.delete(jobId);
  latenessMs[jobType] ??= [];
  latenessMs[jobType]?.push(epochMs() - due);
  repeats += 1;
  if (repeats === input.expected) over();
};

const app = benchApp(input.shape, (_, { attempt, jobId, jobType }) => {
  if (attempt === 1) throw new Error('made to fail at attempt 1');
  noteRepeat(jobId, jobType);
});
const esteira = await start(app, {
  environment: { ...readEnvironment(), LOG_LEVEL: 'error', WORKER_MAX_CONCURRENT_JOBS: '100' },
  logTo: errorsOnly,
  onJobEvent: noteDue,
});
say('ready');
await isOver;
await esteira.stop();
answer({ latenessMs, repeats });
