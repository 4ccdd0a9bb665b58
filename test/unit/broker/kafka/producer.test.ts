import { describe, expect, it } from 'vitest';
import { waitFor } from '../../../support/wait.ts';
import type { Fault } from './faulty-transport.ts';
import { bench, offsets, TOPIC, text } from './producer-bench.ts';

const UNCONFIRMED: readonly Fault[] = [
  'answer-lost',
  'request-lost',
  'not-sent',
  'written-then-refused',
  'row-missing',
  'lost-without-a-row',
  'lost-with-the-row-of-another',
  'row-too-many',
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

  it('counts as written only with exactly the row of its partition', async () => {
    const { transport, producer } = bench();
    transport.will('row-too-many');
    await producer.send(text('x'));
    expect(transport.attempts).toHaveLength(2);
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

  it('is sent again over new connections when an attempt hung for its time', async () => {
    const { transport, clock, producer } = bench();
    const startedAtMs = clock.nowMs();
    transport.will('hangs');
    await producer.send(text('x'));
    expect(transport.reconnects).toBe(1);
    expect(clock.nowMs() - startedAtMs).toBeLessThan(35_000);
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
