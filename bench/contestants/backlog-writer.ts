import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { contextHeaders } from '../../src/core/envelope.ts';
import { randomId } from '../../src/core/ids.ts';
import type { OutgoingRecord } from '../../src/core/record.ts';
import { newTraceparent } from '../../src/core/traceparent.ts';
import { WorkAsked } from '../generated/work-asked.ts';
import { AppShape, type JobShape } from './app-shape.ts';
import { openBenchBackend } from './backend.ts';
import { benchApp } from './bench-app.ts';
import { answer, readInput } from './channel.ts';
import { epochMs } from './epoch.ts';
import { pieceOf, Stream } from './streams.ts';

// Writes a backlog as fast as it goes: records like those of `publish`, by the producer that stands behind it.

const WINDOW = 5_000;

const { shape, streams } = await readInput(z.object({ shape: AppShape, streams: z.array(Stream) }));
const app = benchApp(shape);
const backend = await openBenchBackend(app);
await backend.serde.warm([WorkAsked]);
const producer = await backend.broker.createProducer();

const recordOf = async (work: WorkAsked, job: JobShape): Promise<OutgoingRecord> => {
  const id = randomId();
  return {
    topic: job.topic,
    key: Buffer.from(work.tenantId),
    value: await backend.serde.encode(WorkAsked, { ...work, sentAtMicros: Math.round(epochMs() * 1_000) }),
    headers: contextHeaders({
      ...{ eventId: id, eventType: job.eventType, source: shape.ns, eventTimeMs: Date.now() },
      ...{ tenant: work.tenantId, correlationId: id, contentType: 'application/avro' },
      traceparent: newTraceparent(randomId(), randomId()),
    }),
  };
};

const write = async (stream: Stream): Promise<void> => {
  await pause(stream.startAfterMs);
  const run = { ns: shape.ns, types: shape.jobs.length, streamStartMs: Date.now() };
  for (let from = 0; from < stream.count; from += WINDOW) {
    const sends: Promise<unknown>[] = [];
    for (let number = from; number < Math.min(from + WINDOW, stream.count); number += 1) {
      const job = shape.jobs[number % shape.jobs.length];
      if (job !== undefined) sends.push(producer.send(await recordOf(pieceOf(stream, number, run), job)));
    }
    await Promise.all(sends);
  }
};

for (const stream of streams) await write(stream);
await backend.close();
answer({ written: streams.reduce((sum, { count }) => sum + count, 0) });
