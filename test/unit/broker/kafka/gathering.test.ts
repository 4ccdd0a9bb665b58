import { expect, it } from 'vitest';
import { bench, TOPIC, text } from './producer-bench.ts';

const GATHER = { gather: { topics: [TOPIC], ms: 50 } };
const COUNT_AT = 57;

/** So many records every so many milliseconds; answers when, and with how many records, batches left. */
const departuresOf = async (atOnce: number, everyMs: number, times: number, options: object = GATHER) => {
  const { transport, clock, producer } = bench(options);
  const departures: { readonly atMs: number; readonly records: number }[] = [];
  const startMs = clock.nowMs();
  const send = transport.send.bind(transport);
  transport.send = (at, batch) => {
    departures.push({ atMs: clock.nowMs() - startMs, records: batch.readInt32BE(COUNT_AT) });
    return send(at, batch);
  };
  const sends: Promise<unknown>[] = [];
  for (let n = 0; n < times; n++) {
    for (let one = 0; one < atOnce; one++) sends.push(producer.send(text(`${n}.${one}`)));
    await new Promise<void>((resolve) => clock.after(everyMs, resolve));
  }
  await Promise.all(sends);
  return departures;
};

it('the first record after a rest leaves at once', async () => {
  const departures = await departuresOf(1, 1_000, 3);
  expect(departures).toEqual([0, 1_000, 2_000].map((atMs) => ({ atMs, records: 1 })));
});

it('records that come one by one leave together, at ticks of 10 ms', async () => {
  const [first, ...others] = await departuresOf(1, 1, 100);
  expect(first).toEqual({ atMs: 0, records: 1 });
  expect(others.length).toBeLessThanOrEqual(11);
  for (const { atMs } of others) expect(atMs % 10).toBe(0);
});

it('many records leave at ticks of 50 ms', async () => {
  const departures = await departuresOf(4, 1, 500);
  expect(departures.length).toBeLessThanOrEqual(500 / 50 + 4);
  for (const { atMs } of departures.slice(-5, -1)) expect(atMs % 50).toBe(0);
});

it('a topic that does not gather sends what there is', async () => {
  const departures = await departuresOf(1, 1, 20, {});
  expect(departures).toHaveLength(20);
});
