import { onTestFinished } from 'vitest';
import { KafkaProducer } from '../../../../src/broker/kafka/producer.ts';
import type { ProducerOptions } from '../../../../src/core/ports/broker.ts';
import type { OutgoingRecord } from '../../../../src/core/record.ts';
import { recordingLog } from '../../../support/recording-log.ts';
import { FaultyTransport } from './faulty-transport.ts';
import { JumpingClock } from './jumping-clock.ts';

export const TOPIC = 'orders';

/** A producer on a wire that fails as told; closed with the test. */
export const bench = (options: ProducerOptions = {}, limits: { sequenceLimit?: number } = {}) => {
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
  onTestFinished(() => producer.close(0));
  return { transport, clock, log, producer };
};

/** A record with this text as its value. */
export const text = (value: string, more: Partial<OutgoingRecord> = {}): OutgoingRecord => ({
  topic: TOPIC,
  key: null,
  value: Buffer.from(value),
  headers: [],
  ...more,
});

export const offsets = async (sends: readonly Promise<{ offset: bigint }>[]): Promise<readonly bigint[]> =>
  (await Promise.all(sends)).map(({ offset }) => offset);
