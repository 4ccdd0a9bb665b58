import type { RecordProducer } from '../../../src/core/ports/broker.ts';
import type { OutgoingRecord, RecordPosition } from '../../../src/core/record.ts';
import { type Latch, latch } from '../../support/wait.ts';

/** A send that the test has not answered yet. */
interface OpenSend {
  readonly record: OutgoingRecord;
  readonly answer: Latch<void>;
}

/** A producer whose every send is answered by the test. */
export interface ScriptedProducer extends RecordProducer {
  /** Sends not answered yet, oldest first. */
  readonly open: OpenSend[];
  /** Values acknowledged, in the order of the acknowledgements. */
  readonly acknowledged: string[];
  /** While set, sends are answered at once: rejected with this error. */
  failWith: Error | undefined;
  /** While true, sends are acknowledged at once. */
  works: boolean;
  /** How many sends were tried. */
  sends: number;
}

/** Makes a producer that holds every send. */
export const scriptedProducer = (): ScriptedProducer => {
  const producer: ScriptedProducer = {
    open: [],
    acknowledged: [],
    failWith: undefined,
    works: false,
    sends: 0,
    send: (record) =>
      new Promise((resolve, reject) => {
        producer.post(record, (error, position) =>
          position === undefined ? reject(error) : resolve(position),
        );
      }),
    post: (record, done) => {
      const answered = async (): Promise<RecordPosition> => {
        producer.sends += 1;
        if (producer.failWith !== undefined) throw producer.failWith;
        if (!producer.works) {
          const send = { record, answer: latch() };
          producer.open.push(send);
          await send.answer.opened;
        }
        producer.acknowledged.push(String(record.value));
        return { topic: record.topic, partition: 0, offset: BigInt(producer.acknowledged.length - 1) };
      };
      answered().then((position) => done(undefined, position), done);
    },
    flush: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  return producer;
};
