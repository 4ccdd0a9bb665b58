import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { readEnvironment } from '../../src/config/index.ts';
import { start } from '../../src/index.ts';
import { quantile } from '../statistics.ts';
import { AppShape } from './app-shape.ts';
import { benchApp } from './bench-app.ts';
import { answer, errorsOnly, readInput, say } from './channel.ts';
import { epochMs } from './epoch.ts';
import { pieceOf, Stream } from './streams.ts';

// Publishes at steady rates with the public API. An open loop: a late piece does not hold the later ones back.

const TICK_MS = 1;

const { shape, streams } = await readInput(z.object({ shape: AppShape, streams: z.array(Stream).min(1) }));
const app = benchApp(shape);
const esteira = await start(app, {
  roles: [],
  environment: { ...readEnvironment(), LOG_LEVEL: 'error' },
  logTo: errorsOnly,
});
say('ready');

const startMs = epochMs();
const lateMs: number[] = [];
const sends: Promise<unknown>[] = [];

const publishOne = (stream: Stream, number: number, streamStartMs: number): void => {
  const event = app.events[number % app.events.length];
  if (event === undefined) return;
  const piece = pieceOf(stream, number, { ns: shape.ns, types: app.events.length, streamStartMs });
  const nowMs = epochMs();
  lateMs.push(nowMs - (streamStartMs + (number * 1_000) / stream.perSecond));
  const work = { ...piece, sentAtMicros: Math.round(nowMs * 1_000) };
  sends.push(esteira.publish(event, work, { tenant: work.tenantId }));
};

const publishAll = async (stream: Stream): Promise<void> => {
  await pause(stream.startAfterMs);
  const streamStartMs = startMs + stream.startAfterMs;
  for (let next = 0; next < stream.count; ) {
    const due = Math.min(
      stream.count,
      Math.floor(((epochMs() - streamStartMs) * stream.perSecond) / 1_000) + 1,
    );
    while (next < due) {
      publishOne(stream, next, streamStartMs);
      next += 1;
    }
    if (next < stream.count) await pause(TICK_MS);
  }
};

await Promise.all(streams.map(publishAll));
await Promise.all(sends);
await esteira.stop();
answer({ published: sends.length, lateP99Ms: quantile(lateMs, 0.99) });
