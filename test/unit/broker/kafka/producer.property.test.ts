import fc from 'fast-check';
import { expect, it } from 'vitest';
import { KafkaProducer } from '../../../../src/broker/kafka/producer.ts';
import { silentLog } from '../../../../src/core/ports/log.ts';
import { type Fault, FaultyTransport } from './faulty-transport.ts';
import { JumpingClock } from './jumping-clock.ts';

const fault = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Fault>('none') },
  {
    weight: 5,
    arbitrary: fc.constantFrom<Fault>(
      'answer-lost',
      'request-lost',
      'not-sent',
      'written-then-refused',
      'row-missing',
      'lost-without-a-row',
      'lost-with-the-row-of-another',
      'hangs',
      { code: 6 },
      { code: 19 },
    ),
  },
);

it('whatever the wire does, every acknowledged record is in the log once, at its offset, in the order of the calls', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fault, { maxLength: 30 }),
      fc.array(fc.array(fc.boolean(), { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 8 }),
      async (faults, bursts) => {
        const transport = new FaultyTransport();
        transport.partitionCounts = async () => [0, 1];
        transport.will(...faults);
        const limits = { attemptTimeoutMs: 1_000, unknownTopicGraceMs: 1_000, sequenceLimit: 2_000_000_000 };
        const producer = new KafkaProducer({ transport, clock: new JumpingClock(), log: silentLog, limits });
        const sends: Promise<void>[] = [];
        let n = 0;
        for (const burst of bursts) {
          for (const mayWait of burst) {
            const value = String(n++);
            const sent = producer.send(
              {
                topic: 't',
                partition: n % 2,
                key: null,
                value: Buffer.from(value),
                headers: [],
              },
              { mayWait },
            );
            sends.push(
              sent.then(({ partition, offset }) => {
                expect(transport.log('t', partition).written[Number(offset)]?.text).toBe(value);
              }),
            );
          }
          await new Promise(setImmediate);
        }
        await Promise.all(sends);
        const numbers = (partition: number): number[] => transport.texts('t', partition).map(Number);
        expect([...numbers(0), ...numbers(1)]).toHaveLength(n);
        for (const partition of [0, 1])
          expect(numbers(partition)).toEqual(numbers(partition).toSorted((a, b) => a - b));
        expect(new Set([...numbers(0), ...numbers(1)]).size).toBe(n);
        await producer.close(0);
      },
    ),
    { numRuns: 150 },
  );
});
