import { describe, expect, it } from 'vitest';
import { bench, TOPIC, text } from './producer-bench.ts';

const GATHER = { gather: { topics: [TOPIC], ms: 50 } };
const COUNT_AT = 57;

/** So many records every so many milliseconds; answers when, and with how many records, batches left. */
const departuresOf = async (
  atOnce: number,
  everyMs: number,
  times: number,
  { options = GATHER, mayWait = () => false }: { options?: object; mayWait?: (n: number) => boolean } = {},
) => {
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
    for (let one = 0; one < atOnce; one++)
      sends.push(producer.send(text(`${n}.${one}`), { mayWait: mayWait(n) }));
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
  const departures = await departuresOf(1, 1, 20, { options: {} });
  expect(departures).toHaveLength(20);
});

describe('records that may wait', () => {
  const alone = { options: {}, mayWait: () => true };

  it('leave together at ticks of 25 ms, the first of them too', async () => {
    const departures = await departuresOf(1, 1, 100, alone);
    expect(departures.length).toBeLessThanOrEqual(5);
    expect(departures[0]?.records).toBeGreaterThan(1);
    for (const { atMs } of departures) expect(atMs % 25).toBe(0);
  });

  it('wait for no more than one tick when nobody comes', async () => {
    const departures = await departuresOf(1, 110, 2, alone);
    expect(departures.map(({ atMs }) => atMs)).toEqual([25, 125]);
  });

  it('are taken along at once by one that may not', async () => {
    const departures = await departuresOf(1, 2, 5, { options: {}, mayWait: (n) => n !== 3 });
    expect(departures[0]).toEqual({ atMs: 6, records: 4 });
    expect(departures[1]).toEqual({ atMs: 25, records: 1 });
  });

  it('do not hold up those behind them that may not', async () => {
    const departures = await departuresOf(1, 1, 30, { options: {}, mayWait: (n) => n < 10 });
    expect(departures[0]).toEqual({ atMs: 10, records: 11 });
    expect(departures.slice(1)).toHaveLength(19);
  });
});
