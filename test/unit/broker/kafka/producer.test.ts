import { afterEach, describe, expect, it } from 'vitest';
import { KafkaProducer } from '../../../../src/broker/kafka/producer.ts';
import type { ProducerOptions } from '../../../../src/core/ports/broker.ts';
import type { OutgoingRecord } from '../../../../src/core/record.ts';
import { recordingLog } from '../../../support/recording-log.ts';
import { waitFor } from '../../../support/wait.ts';
import { type Fault, FaultyTransport } from './faulty-transport.ts';
import { JumpingClock } from './jumping-clock.ts';

const TOPIC = 'orders';

const bench = (options: ProducerOptions = {}, limits: { sequenceLimit?: number } = {}) => {
  const transport = new FaultyTransport();
  const clock = new JumpingClock();
  const log = recordingLog();
  const producer = new KafkaProducer(
    {
      transport,
      clock,
      log,
      limits: {
        attemptTimeoutMs: 30_000,
        unknownTopicGraceMs: 15_000,
        sequenceLimit: 2_000_000_000,
        ...limits,
      },
    },
    options,
  );
  open.push(producer);
  return { transport, clock, log, producer };
};

let open: KafkaProducer[] = [];

afterEach(async () => {
  const producers = open;
  open = [];
  await Promise.all(producers.map((producer) => producer.close(0)));
});

const text = (value: string, more: Partial<OutgoingRecord> = {}): OutgoingRecord => ({
  topic: TOPIC,
  key: null,
  value: Buffer.from(value),
  headers: [],
  ...more,
});

const offsets = async (sends: readonly Promise<{ offset: bigint }>[]): Promise<readonly bigint[]> =>
  (await Promise.all(sends)).map(({ offset }) => offset);

const UNCONFIRMED: readonly Fault[] = [
  'answer-lost',
  'request-lost',
  'not-sent',
  'written-then-refused',
  'row-missing',
  'row-of-another',
  'hangs',
  { code: 6 },
  { code: 7 },
  { code: 19 },
  { code: 20 },
];

describe('a batch that is not confirmed', () => {
  for (const fault of UNCONFIRMED)
    it(`is in the log once, before anything newer, after ${JSON.stringify(fault)}`, async () => {
      const { transport, producer } = bench();
      transport.will(fault, fault);
      const first = producer.send(text('first'));
      await waitFor('the first attempt', () => transport.attempts.length > 0);
      const second = producer.send(text('second'));
      expect(await offsets([first, second])).toEqual([0n, 1n]);
      expect(transport.texts(TOPIC)).toEqual(['first', 'second']);
    });

  it('is sent again as the same bytes: the same records, times, producer id and sequence', async () => {
    const { transport, producer } = bench();
    transport.will('answer-lost', 'row-missing', { code: 6 });
    await Promise.all([producer.send(text('a')), producer.send(text('b'))]);
    const [first, ...others] = transport.attempts;
    expect(others).toHaveLength(3);
    for (const other of others) expect(other.batch.equals(first?.batch ?? Buffer.alloc(0))).toBe(true);
  });

  it('lets nothing else of its partition be in flight', async () => {
    const { transport, producer } = bench();
    transport.will('answer-lost', 'none', 'row-missing', 'none', { code: 6 });
    const sends: Promise<unknown>[] = [];
    for (let n = 0; n < 50; n++) {
      sends.push(producer.send(text(String(n))));
      if (n % 10 === 0) await new Promise(setImmediate);
    }
    await Promise.all(sends);
    expect(transport.mostAtOnce).toBe(1);
    expect(transport.texts(TOPIC)).toEqual(Array.from({ length: 50 }, (_, n) => String(n)));
  });

  it('does not hold other partitions up', async () => {
    const { transport, producer } = bench();
    transport.partitionCounts = async () => [0, 1];
    let isStuck = true;
    transport.fault = () => (isStuck && transport.attempts.at(-1)?.at.partition === 0 ? { code: 6 } : 'none');
    const stuck = producer.send(text('stuck', { partition: 0 }));
    await expect(producer.send(text('free', { partition: 1 }))).resolves.toMatchObject({
      partition: 1,
      offset: 0n,
    });
    isStuck = false;
    await expect(stuck).resolves.toMatchObject({ partition: 0, offset: 0n });
  });

  it('makes new connections when an attempt hung', async () => {
    const { transport, producer } = bench();
    transport.will('hangs');
    await producer.send(text('x'));
    expect(transport.reconnects).toBe(1);
  });
});

describe('a producer id the broker does not know any more', () => {
  for (const code of [45, 46, 47, 59, 90])
    it(`is replaced after error ${code}, and the batch is written`, async () => {
      const { transport, producer, log } = bench();
      await producer.send(text('before'));
      transport.will({ code });
      await expect(producer.send(text('after'))).resolves.toMatchObject({ offset: 1n });
      expect(transport.texts(TOPIC)).toEqual(['before', 'after']);
      expect(transport.log(TOPIC).producerIds).toHaveLength(2);
      expect(log.messages('warn')).toContain('producer id renewed');
    });

  it('is replaced when an acknowledgement has no offset: the broker knows the repeat, but not its place', async () => {
    const { transport, producer } = bench();
    transport.will('row-without-offset');
    const { offset } = await producer.send(text('x'));
    expect(transport.log(TOPIC).written[Number(offset)]?.text).toBe('x');
  });

  it('is replaced for its partition only', async () => {
    const { transport, producer } = bench();
    transport.partitionCounts = async () => [0, 1];
    await Promise.all([
      producer.send(text('a', { partition: 0 })),
      producer.send(text('a', { partition: 1 })),
    ]);
    transport.log(TOPIC, 0).forgetProducers();
    await Promise.all([
      producer.send(text('b', { partition: 0 })),
      producer.send(text('b', { partition: 1 })),
    ]);
    expect(transport.log(TOPIC, 0).producerIds).toHaveLength(2);
    expect(transport.log(TOPIC, 1).producerIds).toHaveLength(1);
    expect([transport.texts(TOPIC, 0), transport.texts(TOPIC, 1)]).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
  });

  it('is replaced before its sequence numbers run out', async () => {
    const { transport, producer } = bench({}, { sequenceLimit: 5 });
    for (const value of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) await producer.send(text(value));
    const sequences = transport.attempts.map(({ batch }) => batch.readInt32BE(53));
    expect(Math.max(...sequences)).toBe(4);
    expect(transport.log(TOPIC).producerIds).toHaveLength(2);
    expect(transport.texts(TOPIC)).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']);
  });
});

describe('a batch given up', () => {
  it('fails as refused when nothing of it can be in the log', async () => {
    const { transport, producer } = bench();
    transport.will({ code: 29 });
    await expect(producer.send(text('x'))).rejects.toMatchObject({ code: 'ESTEIRA_BROKER_REFUSED' });
  });

  it('fails as unknown when an earlier attempt may have written it', async () => {
    const { transport, producer } = bench();
    transport.will('answer-lost', { code: 29 });
    await expect(producer.send(text('x'))).rejects.toMatchObject({ code: 'ESTEIRA_PUBLISH_UNKNOWN' });
  });

  it('never lends its sequence number to other records, which the broker would take for a repeat', async () => {
    const { transport, producer } = bench();
    transport.will('answer-lost', { code: 29 });
    await producer.send(text('given up')).catch(() => undefined);
    await expect(producer.send(text('next'))).resolves.toMatchObject({ offset: 1n });
    expect(transport.texts(TOPIC)).toEqual(['given up', 'next']);
  });
});

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

  it('fails as unknown when it was deleted under a batch that may be written', async () => {
    const { transport, producer } = bench();
    transport.fault = () => ({ code: 3 });
    await expect(producer.send(text('x'))).rejects.toMatchObject({ code: 'ESTEIRA_PUBLISH_UNKNOWN' });
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
