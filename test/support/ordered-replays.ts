import { type Accepted, replayHeaders, toDeadLetter } from '../../src/consumers/dead-letters/index.ts';
import { placeOfLetter, replayCopy } from '../../src/consumers/ordered/replay-copy.ts';
import type { AppDefinition } from '../../src/core/app.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { HeldReplayOutcome } from '../../src/core/order/held-replay.ts';
import type { RecordProducer } from '../../src/core/ports/broker.ts';
import type { OrderState, SequenceId } from '../../src/core/ports/order-state.ts';
import type { ConsumedRecord, RecordPosition } from '../../src/core/record.ts';
import { replayInOrder } from '../../src/runtime/replay-order.ts';

/** Where dead letters are replayed from and to. */
export interface ReplayBench {
  readonly app: AppDefinition;
  readonly order: OrderState;
  readonly producer: RecordProducer;
  /** The dead letters of the app's first job type. */
  readonly readLetters: () => Promise<readonly ConsumedRecord[]>;
  /** Called before each step; throws to die there. */
  readonly onStep?: (step: string) => void;
  /** Called for each copy that was written. */
  readonly onWritten?: (written: Accepted) => Promise<void>;
}

interface Letter {
  readonly record: ConsumedRecord;
  readonly place: RecordPosition;
  readonly hop: number;
}

/** The last letter of each job of a key that is dead at `tenant`, in the order of their places. */
export const lettersOf = async (
  { app, readLetters }: ReplayBench,
  { tenant, orderKey }: Pick<SequenceId, 'tenant' | 'orderKey'>,
  completed: (eventId: string) => boolean,
): Promise<readonly Letter[]> => {
  const [job] = app.jobs;
  const found = new Map<string, Letter>();
  for (const record of await readLetters()) {
    if (job === undefined) continue;
    const { envelope } = toDeadLetter(job, record);
    const place = envelope.job === undefined ? undefined : placeOfLetter({ app, job }, envelope.job);
    const isOfKey = envelope.tenant === tenant && envelope.job?.orderKey === orderKey;
    if (place === undefined || !isOfKey || completed(envelope.eventId ?? '')) continue;
    const hop = envelope.job?.hop ?? 0;
    const before = found.get(envelope.job?.id ?? '');
    if (before === undefined || hop >= before.hop) found.set(envelope.job?.id ?? '', { record, place, hop });
  }
  return [...found.values()].sort((a, b) => Number(a.place.offset - b.place.offset));
};

/** Replays all that is dead of a key, as an operator does. */
export const replayKey = async (
  bench: ReplayBench,
  by: string,
  id: SequenceId,
  completed: (eventId: string) => boolean = () => false,
): Promise<HeldReplayOutcome> => {
  const { app, order, producer, onStep = () => undefined } = bench;
  const [job] = app.jobs;
  if (job === undefined) throw new Error('the app has no job type');
  const step =
    <Request, Answer>(name: string, call: (requests: readonly Request[]) => Promise<Answer>) =>
    async (requests: readonly Request[]): Promise<Answer> => {
      onStep(`before ${name}`);
      const answer = await call(requests);
      onStep(`after ${name}`);
      return answer;
    };
  const steps: OrderState = {
    ...order,
    prepare: step('prepare', order.prepare),
    begin: step('begin', order.begin),
    cancel: step('cancel', order.cancel),
  };
  return replayInOrder(
    { order: steps, clock: systemClock, patienceMs: 10_000 },
    {
      ...{ id, by, ttlMs: job.doneTtlMs },
      letters: await lettersOf(bench, id, completed),
      findMore: () => lettersOf(bench, id, completed),
      write: async ({ record, place }, turn) => {
        const { envelope, at } = toDeadLetter(job, record);
        if (envelope.job === undefined) throw new Error('a letter without headers');
        const headers = replayHeaders(envelope.job, by, at);
        onStep(`before write ${turn.index}`);
        await producer.send(replayCopy({ app, job }, record, headers, { place, turn }));
        await bench.onWritten?.({ letter: toDeadLetter(job, record), headers });
        onStep(`after write ${turn.index}`);
      },
    },
  );
};
