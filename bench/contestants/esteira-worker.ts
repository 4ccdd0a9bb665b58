import { readEnvironment } from '../../src/config/index.ts';
import { type JobEvent, start } from '../../src/index.ts';
import type { WorkAsked } from '../generated/work-asked.ts';
import { benchApp } from './bench-app.ts';
import { answer, errorsOnly, onWord, readInput, say } from './channel.ts';
import { EffectCounter } from './effects.ts';
import { epochMs } from './epoch.ts';
import { collectedBytes } from './memory-use.ts';
import { performWork } from './perform-work.ts';
import { Stopwatch } from './stopwatch.ts';
import { WITHOUT_TELEMETRY } from './without-telemetry.ts';
import { WorkerInput, type WorkerResult } from './worker-input.ts';

// A whole Esteira worker with its relays, measured. Ends when it has seen the effects it was told to expect.

const SAMPLE_MS = 20;

const input = await readInput(WorkerInput);
const effects = new EffectCounter(input.capacity, input.shape.order === 'key');
const stopwatch = new Stopwatch();
const timeline: [number, number][] = [];
const waitsMs: Record<string, number[]> = {};
const memoryBytes: number[] = [];
const setAside = { count: 0, firstMs: 0, lastMs: 0 };
let expected: number | undefined;
let firstStartMs = 0;
let over: () => void = () => undefined;
const isOver = new Promise<void>((resolve) => {
  over = resolve;
});

const noteTime = (): void => {
  if (timeline.at(-1)?.[1] !== effects.distinct) timeline.push([epochMs(), effects.distinct]);
};

const noteStart = (work: WorkAsked, attempt: number): void => {
  if (firstStartMs === 0) firstStartMs = epochMs();
  if (!input.waits || attempt !== 1) return;
  waitsMs[work.lane] ??= [];
  waitsMs[work.lane]?.push(epochMs() - work.sentAtMicros / 1_000);
};

/** Whatever the engine calls it: the job was moved out of the way before its handler ran. */
const noteSetAside = ({ type, tenantId, time }: JobEvent): void => {
  if (type !== 'job.deferred' || tenantId !== input.floodingTenant) return;
  setAside.count += 1;
  if (setAside.count === 1) setAside.firstMs = time;
  setAside.lastMs = time;
};

/** Nobody knows before the end of a warm-up of nothing when the first job starts, so nothing is timed then. */
const expect = (count: number): void => {
  expected = count;
  const timed = input.warm > 0 && input.warm < count;
  if (timed) effects.whenReached(input.warm, () => stopwatch.start());
  effects.whenReached(count, () => {
    if (timed) stopwatch.stop(count - input.warm);
    noteTime();
    over();
  });
};

const app = benchApp(input.shape, (work, ctx) => {
  noteStart(work, ctx.attempt);
  return performWork(work, ctx, () => effects.add(work.index, work.tenantId));
});

if (input.expected !== undefined) expect(input.expected);
for (const at of input.memoryAt) effects.whenReached(at, () => memoryBytes.push(collectedBytes()));
onWord((word) => {
  if (word === 'stop') over();
  else if (typeof word === 'object' && word !== null && 'expect' in word) expect(Number(word.expect));
});
setInterval(() => {
  noteTime();
  say({ effects: effects.distinct });
}, SAMPLE_MS);

const esteira = await start(app, {
  environment: {
    ...readEnvironment(),
    LOG_LEVEL: 'warn',
    WORKER_MAX_CONCURRENT_JOBS: String(input.concurrency),
    WORKER_SHUTDOWN_GRACE_SECONDS: '2',
  },
  logTo: errorsOnly,
  ...(input.floodingTenant === undefined ? {} : { onJobEvent: noteSetAside }),
  ...(input.telemetry ? {} : WITHOUT_TELEMETRY),
});
say('ready');
await isOver;
await esteira.stop();
const { window } = stopwatch;
const result: WorkerResult = {
  effects: effects.report(expected ?? effects.distinct),
  ...(window === undefined ? {} : { window }),
  ...{ firstStartMs, timeline, waitsMs, memoryBytes, setAside },
  counts: Buffer.from(effects.counts).toString('base64'),
};
answer(result);
