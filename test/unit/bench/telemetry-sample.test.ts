import { afterEach, expect, test } from 'vitest';
import { simpleShape } from '../../../bench/contestants/app-shape.ts';
import { benchApp, eventOf } from '../../../bench/contestants/bench-app.ts';
import { pieceOf, Stream } from '../../../bench/contestants/streams.ts';
import { telemetrySample } from '../../../bench/contestants/telemetry-sample.ts';
import { names } from '../../../src/core/names.ts';
import { type Esteira, start } from '../../../src/index.ts';

let esteira: Esteira | undefined;
afterEach(async () => {
  await esteira?.stop();
});

const JOBS = 20;

test('the telemetry record that a rival writes is as large as ours', async () => {
  const shape = simpleShape('bench-000000-esteira-1x');
  const [job] = shape.jobs;
  if (job === undefined) throw new Error('the shape has no job');
  esteira = await start(benchApp(shape), { environment: { QUEUE_BACKEND: 'memory', LOG_LEVEL: 'silent' } });
  const stream = Stream.parse({ lane: 'all', from: 1_000, count: JOBS, keys: 10_000 });
  const run = { ns: shape.ns, types: 1, streamStartMs: 0 };
  for (let number = 0; number < JOBS; number += 1) {
    const piece = pieceOf(stream, 1_000 + number, run);
    await esteira.publish(eventOf(shape, job), piece, { tenant: piece.tenantId });
  }
  await esteira.idle();

  const { admin } = esteira.backend.broker;
  const sizes: number[] = [];
  for (const { topic, partition, low, high } of await admin.offsetRanges(names.telemetry(shape.ns))) {
    await admin.read({ topic, partition, from: low, to: high }, ({ value }) => {
      sizes.push(value?.length ?? 0);
      return true;
    });
  }
  expect(sizes).toHaveLength(2 * JOBS);
  const ours = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
  const theirs = (await telemetrySample()).length;
  expect(Math.abs(theirs / ours - 1)).toBeLessThan(0.05);
});
