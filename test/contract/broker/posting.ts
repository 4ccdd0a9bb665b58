import { describe, expect, it, onTestFinished } from 'vitest';
import type { PostAnswer, RecordProducer } from '../../../src/core/ports/broker.ts';
import type { OutgoingRecord } from '../../../src/core/record.ts';
import { latch } from '../../support/wait.ts';
import { type BrokerBench, numbers, recordOf } from './bench.ts';

type Answer = Parameters<PostAnswer>;

/** Posts, and holds the producer to answering later than at once. */
const posted = (producer: RecordProducer, record: OutgoingRecord): Promise<Answer> => {
  const answer = latch<Answer>();
  let hasReturned = false;
  producer.post(record, (...given) => {
    if (hasReturned) answer.open(given);
    else answer.fail(new Error('answered before post returned'));
  });
  hasReturned = true;
  return answer.opened;
};

/** Takes the place of whatever listens for uncaught exceptions until the test is over. */
const uncaught = (): Promise<unknown> => {
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  const first = latch<unknown>();
  process.on('uncaughtException', first.open);
  onTestFinished(() => {
    process.off('uncaughtException', first.open);
    for (const listener of listeners) process.on('uncaughtException', listener);
  });
  return first.opened;
};

/** Posting: as sending, with a callback in place of the promise. */
export const describePosting = (bench: BrokerBench): void => {
  describe('a record posted', () => {
    it('is acknowledged after the call, without an error, with the position it can be read at', async () => {
      const topic = await bench.topic(2);
      const producer = await bench.producer();
      await producer.send(recordOf(topic, { partition: 1, text: 'before' }));
      const [error, position] = await posted(producer, recordOf(topic, { partition: 1, text: 'this one' }));
      expect(error).toBeUndefined();
      expect(position).toEqual({ topic, partition: 1, offset: 1n });
      expect(String((await bench.recordAt({ topic, partition: 1, offset: 1n })).value)).toBe('this one');
    });

    it('is answered once', async () => {
      const topic = await bench.topic(3);
      const producer = await bench.producer();
      const answers = numbers(0, 600).map(() => 0);
      for (const n of numbers(0, 600))
        producer.post(recordOf(topic, { partition: n % 4, text: String(n) }), (error) => {
          answers[n] = (answers[n] ?? 0) + 1;
          expect(error?.code).toBe(n % 4 === 3 ? 'ESTEIRA_TOPICS_DIFFER' : undefined);
        });
      await producer.close();
      await producer.flush();
      expect(answers).toEqual(numbers(0, 600).map(() => 1));
    });

    it('keeps its place among those sent before and after', async () => {
      const topic = await bench.topic();
      const producer = await bench.producer();
      const answers = numbers(0, 300).map((n) => {
        const record = recordOf(topic, { text: String(n) });
        return n % 2 === 0 ? posted(producer, record) : producer.send(record);
      });
      await Promise.all(answers);
      const texts = (await bench.log(topic)).map((record) => Number(record.value));
      expect(texts).toEqual(numbers(0, 300));
    });

    it('is what it was at the call, whatever the caller does to its buffers afterwards', async () => {
      const topic = await bench.topic();
      const producer = await bench.producer();
      const value = Buffer.from('value');
      const header = Buffer.from('header');
      await posted(producer, recordOf(topic, { text: 'the partitions are known now' }));
      const answer = posted(producer, recordOf(topic, { value, headers: [['name', header]] }));
      for (const buffer of [value, header]) buffer.fill('x');
      await answer;
      const record = await bench.recordAt({ topic, partition: 0, offset: 1n });
      expect([record.value, record.headers[0]?.[1]].map(String)).toEqual(['value', 'header']);
    });

    it('is waited for by flush', async () => {
      const topic = await bench.topic();
      const producer = await bench.producer({ lingerMs: 20 });
      let answers = 0;
      for (const n of numbers(0, 100))
        producer.post(recordOf(topic, { text: String(n) }), () => {
          answers += 1;
        });
      await producer.flush();
      expect(answers).toBe(100);
    });

    it('is refused later too: no room, no such partition, no such topic, a closed producer', async () => {
      const topic = await bench.topic(2);
      const producer = await bench.producer({ maxBufferedBytes: 1_000 });
      await posted(producer, recordOf(topic, { text: 'the partitions are known now' }));
      const refused = [
        posted(producer, recordOf(topic, { value: Buffer.alloc(2_000) })),
        posted(producer, recordOf(topic, { partition: 2 })),
        posted(producer, recordOf(bench.freshName())),
      ];
      await producer.close();
      refused.push(posted(producer, recordOf(topic)));
      const codes = (await Promise.all(refused)).map(([error]) => error?.code);
      expect([codes[0], codes[1], codes[3]]).toEqual([
        'ESTEIRA_BUFFER_FULL',
        'ESTEIRA_TOPICS_DIFFER',
        'ESTEIRA_CLOSED',
      ]);
      expect(codes[2]).toMatch(/^ESTEIRA_(TOPICS_DIFFER|PUBLISH_UNKNOWN)$/);
    });

    it('whose answer is met by an exception keeps nobody else from theirs, and the exception is not lost', async () => {
      const topic = await bench.topic();
      const producer = await bench.producer();
      const stray = uncaught();
      const bug = new Error('a bug of the caller');
      producer.post(recordOf(topic, { text: 'first' }), () => {
        throw bug;
      });
      const [error, position] = await posted(producer, recordOf(topic, { text: 'second' }));
      expect(error).toBeUndefined();
      expect(position).toEqual({ topic, partition: 0, offset: 1n });
      expect(await stray).toBe(bug);
    });
  });
};
