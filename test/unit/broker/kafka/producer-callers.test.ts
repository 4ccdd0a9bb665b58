import { describe, expect, it } from 'vitest';
import { waitFor } from '../../../support/wait.ts';
import { bench, offsets, TOPIC, text } from './producer-bench.ts';

describe('what is too large', () => {
  it('is found by halves: one record fails, the others are written in order with their own offsets', async () => {
    const { transport, producer } = bench();
    transport.mostBytes = 400;
    const values = Array.from({ length: 20 }, (_, n) => (n === 7 ? 'x'.repeat(500) : `small ${n}`));
    const ends = await Promise.allSettled(values.map((value) => producer.send(text(value))));
    for (const [n, end] of ends.entries()) {
      if (n === 7)
        expect(end).toMatchObject({ status: 'rejected', reason: { code: 'ESTEIRA_RECORD_TOO_LARGE' } });
      else expect(end).toMatchObject({ status: 'fulfilled', value: { offset: BigInt(n < 7 ? n : n - 1) } });
    }
    expect(transport.texts(TOPIC)).toEqual(values.filter((_, n) => n !== 7));
  });

  it('does not come about by itself: a batch has at most 1,000 records and 900 KiB', async () => {
    const { transport, producer } = bench();
    const small = Array.from({ length: 2_500 }, (_, n) => producer.send(text(String(n))));
    const large = Array.from({ length: 20 }, () =>
      producer.send(text('x'.repeat(100_000), { partition: 0 })),
    );
    await Promise.all([...small, ...large]);
    for (const { batch } of transport.attempts) {
      expect(batch.readInt32BE(57)).toBeLessThanOrEqual(1_000);
      expect(batch.length).toBeLessThanOrEqual(900 * 1024);
    }
    expect(transport.attempts.length).toBeLessThan(10);
  });
});

describe('a caller', () => {
  it('stops waiting at its deadline, while the record is still brought through', async () => {
    const { transport, producer } = bench();
    let isDown = true;
    transport.fault = () => (isDown ? 'request-lost' : 'none');
    await expect(producer.send(text('late'), { deadlineMs: 5_000 })).rejects.toMatchObject({
      code: 'ESTEIRA_PUBLISH_UNKNOWN',
    });
    isDown = false;
    await waitFor('the late record', () => transport.texts(TOPIC).includes('late'));
    expect(transport.texts(TOPIC)).toEqual(['late']);
  });

  it('without a deadline waits for as long as it takes', async () => {
    const { transport, clock, producer } = bench();
    const startedAtMs = clock.nowMs();
    transport.fault = () => (clock.nowMs() - startedAtMs < 3_600_000 ? { code: 19 } : 'none');
    await expect(producer.send(text('patient'))).resolves.toMatchObject({ offset: 0n });
  });

  it('is let into a full buffer in the order of the calls', async () => {
    const { transport, producer } = bench({ maxBufferedBytes: 1_000 });
    transport.will('request-lost', 'request-lost');
    const sends = ['a'.repeat(900), 'b'.repeat(900), 'c'].map((value) =>
      producer.send(text(value), { deadlineMs: 60_000 }),
    );
    await Promise.all(sends);
    expect(transport.texts(TOPIC).map((value) => value[0])).toEqual(['a', 'b', 'c']);
  });

  it('is refused when the buffer stays full until its deadline, and nothing of it is written', async () => {
    const { transport, producer } = bench({ maxBufferedBytes: 1_000 });
    transport.fault = () => 'request-lost';
    const first = producer.send(text('a'.repeat(900)));
    const second = producer.send(text('b'.repeat(900)), { deadlineMs: 3_000 });
    await expect(second).rejects.toMatchObject({ code: 'ESTEIRA_BUFFER_FULL' });
    await expect(producer.send(text('c'.repeat(900)))).rejects.toMatchObject({ code: 'ESTEIRA_BUFFER_FULL' });
    transport.fault = () => 'none';
    await first;
    expect(transport.texts(TOPIC)).toHaveLength(1);
  });

  it('gives its bytes back whatever became of them', async () => {
    const { transport, producer } = bench({ maxBufferedBytes: 1_000 });
    for (let n = 0; n < 5; n++) {
      transport.will({ code: 29 });
      await producer.send(text('x'.repeat(900))).catch(() => undefined);
      await producer.send(text('y'.repeat(900)));
    }
    expect(transport.texts(TOPIC)).toHaveLength(5);
  });
});

describe('a topic that is not known', () => {
  const unknown = (): Promise<never> =>
    Promise.reject(
      Object.assign(new Error('?'), { name: 'KafkaJSProtocolError', type: 'UNKNOWN_TOPIC_OR_PARTITION' }),
    );

  it('may come to be known within the grace, and the order of calls is kept', async () => {
    const { transport, clock, producer } = bench();
    const startedAtMs = clock.nowMs();
    transport.partitionCounts = () =>
      clock.nowMs() - startedAtMs < 5_000 ? unknown() : Promise.resolve([0]);
    const sends = ['a', 'b', 'c'].map((value) => producer.send(text(value)));
    expect(await offsets(sends)).toEqual([0n, 1n, 2n]);
    expect(transport.texts(TOPIC)).toEqual(['a', 'b', 'c']);
  });

  it('fails its records after the grace', async () => {
    const { transport, producer } = bench();
    transport.partitionCounts = unknown;
    await expect(producer.send(text('x'))).rejects.toMatchObject({ code: 'ESTEIRA_TOPICS_DIFFER' });
  });

  it('is asked for again when a caller tries again at once: it was forgotten for ever', async () => {
    const { transport, producer } = bench();
    transport.partitionCounts = unknown;
    const again = producer.send(text('first')).catch(() => {
      transport.partitionCounts = async () => [0];
      return producer.send(text('second'));
    });
    await expect(again).resolves.toMatchObject({ offset: 0n });
  });

  it('fails as unknown when it was deleted under a batch that may be written', async () => {
    const { transport, producer } = bench();
    transport.fault = () => ({ code: 3 });
    await expect(producer.send(text('x'))).rejects.toMatchObject({ code: 'ESTEIRA_PUBLISH_UNKNOWN' });
  });
});

describe('partitions that are added', () => {
  it('can be named a little later', async () => {
    const { transport, clock, producer } = bench();
    await producer.send(text('a', { partition: 0 }));
    const early = producer.send(text('b', { partition: 1 }));
    await expect(early).rejects.toMatchObject({ code: 'ESTEIRA_TOPICS_DIFFER' });
    transport.partitionCounts = async () => [0, 1];
    await new Promise<void>((resolve) => void clock.after(10_000, resolve));
    await expect(producer.send(text('c', { partition: 1 }))).resolves.toMatchObject({ partition: 1 });
  });

  it('get keys after a while', async () => {
    const { transport, clock, producer } = bench();
    const key = Buffer.from('abc');
    await producer.send(text('a', { key }));
    transport.partitionCounts = async () => [0, 1, 2];
    await new Promise<void>((resolve) => void clock.after(301_000, resolve));
    await producer.send(text('b', { key }));
    await expect(producer.send(text('c', { key }))).resolves.toMatchObject({ partition: 479470107 % 3 });
  });
});

describe('lingering', () => {
  it('goes on behind an acknowledgement: a batch that is not full leaves a while after its first record', async () => {
    const { transport, clock, producer } = bench({ lingerMs: 40 });
    const departedAtMs: number[] = [];
    transport.fault = () => {
      departedAtMs.push(clock.nowMs());
      return 'none';
    };
    const startedAtMs = clock.nowMs();
    const second = producer.send(text('a')).then(() => {
      const more = producer.send(text('b'));
      return Promise.all([more, producer.send(text('c'))]);
    });
    await second;
    expect(departedAtMs.map((ms) => ms - startedAtMs)).toEqual([40, 80]);
    expect(transport.attempts.map(({ batch }) => batch.readInt32BE(57))).toEqual([1, 2]);
  });

  it('is not for a full batch', async () => {
    const { transport, clock, producer } = bench({ lingerMs: 40 });
    await producer.send(text('the partitions are known now'));
    transport.attempts.length = 0;
    const startedAtMs = clock.nowMs();
    const leftAtMs: number[] = [];
    transport.fault = () => {
      leftAtMs.push(clock.nowMs() - startedAtMs);
      return 'none';
    };
    const sends = Array.from({ length: 2_500 }, (_, n) => producer.send(text(String(n))));
    expect((await offsets(sends)).at(-1)).toBe(2_500n);
    expect(leftAtMs).toEqual([0, 0, 40]);
    expect(transport.attempts.map(({ batch }) => batch.readInt32BE(57))).toEqual([1_000, 1_000, 500]);
  });
});

describe('a time', () => {
  it('that is none does not stop the partition', async () => {
    const { transport, clock, producer } = bench();
    for (const timestampMs of [Number.NaN, Number.POSITIVE_INFINITY, 12.7])
      await producer.send(text('x', { timestampMs }));
    const [first, second, third] = transport.log(TOPIC).written.map((one) => one.timestampMs);
    expect([first, second].every((one) => one !== undefined && one <= clock.nowMs())).toBe(true);
    expect(third).toBe(12);
  });
});

describe('records without a key', () => {
  it('go to one partition until its batch leaves, then to the next', async () => {
    const { transport, producer } = bench();
    transport.partitionCounts = async () => [0, 1, 2];
    for (let round = 0; round < 6; round++)
      await Promise.all(Array.from({ length: 10 }, (_, n) => producer.send(text(`${round}/${n}`))));
    expect(transport.attempts.map(({ at }) => at.partition)).toEqual([0, 1, 2, 0, 1, 2]);
  });
});

describe('closing', () => {
  it('is bounded: what is not through by then fails as unknown', async () => {
    const { transport, clock, producer } = bench();
    transport.fault = () => 'request-lost';
    const startedAtMs = clock.nowMs();
    const stuck = producer.send(text('x'));
    const caught = expect(stuck).rejects.toMatchObject({ code: 'ESTEIRA_PUBLISH_UNKNOWN' });
    await producer.close(2_000);
    await caught;
    expect(clock.nowMs() - startedAtMs).toBeLessThan(5_000);
    expect(transport.closed).toBe(true);
    await expect(producer.send(text('y'))).rejects.toMatchObject({ code: 'ESTEIRA_CLOSED' });
  });

  it('ends the attempts', async () => {
    const { transport, producer } = bench();
    transport.fault = () => 'request-lost';
    producer.send(text('x')).catch(() => undefined);
    await waitFor('attempts', () => transport.attempts.length > 2);
    await producer.close(0);
    const attempts = transport.attempts.length;
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
    expect(transport.attempts.length).toBeLessThanOrEqual(attempts + 1);
  });
});
