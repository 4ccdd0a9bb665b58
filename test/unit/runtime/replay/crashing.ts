import type { RecordProducer } from '../../../../src/core/ports/broker.ts';
import type { ReplayParts } from '../../../../src/runtime/replay/index.ts';
import { latch } from '../../../support/wait.ts';

/** Where a runner dies: before or after its so-many-th effect on the world. */
export interface Crash {
  readonly effect: number;
  readonly when: 'before' | 'after';
}

/**
 * Parts whose process dies: the chosen effect happens, or does not, and from then on nothing does. `died` opens then;
 * what the runner awaits never comes, as it never comes to a process that was killed.
 */
export const dyingParts = (parts: ReplayParts, crash: Crash) => {
  const died = latch();
  let effects = 0;
  let isDead = false;
  const never = (): Promise<never> => new Promise(() => undefined);
  const effect = async <T>(work: () => Promise<T>): Promise<T> => {
    if (isDead) return never();
    effects += 1;
    if (effects < crash.effect) return work();
    isDead = true;
    if (crash.when === 'after') await work();
    died.open();
    return never();
  };
  const dying = (producer: RecordProducer): RecordProducer => ({
    send: (record, options) => effect(() => producer.send(record, options)),
    post: (record, done) => producer.post(record, done),
    flush: () => producer.flush(),
    close: (timeoutMs) => (isDead ? never() : producer.close(timeoutMs)),
  });
  const { broker } = parts.backend;
  const mortal: ReplayParts = {
    ...parts,
    backend: {
      ...parts.backend,
      broker: {
        admin: broker.admin,
        createConsumer: (options) => broker.createConsumer(options),
        createProducer: async (options) => dying(await broker.createProducer(options)),
        close: () => broker.close(),
      },
    },
    control: {
      append: (entries) => effect(() => parts.control.append(entries)),
      read: (prefix) => (isDead ? never() : parts.control.read(prefix)),
      close: async () => undefined,
    },
    connectWriter: async () => {
      const writer = await parts.connectWriter();
      const { telemetry } = writer;
      return {
        ...writer,
        producer: dying(writer.producer),
        telemetry: {
          encode: (event) => telemetry.encode(event),
          post: (record, done) => telemetry.post(record, done),
          observe: (event) => (isDead ? undefined : telemetry.observe(event)),
          append: (record) => effect(() => telemetry.append(record)),
        },
      };
    },
  };
  return { parts: mortal, died: died.opened, effects: () => effects };
};

/** A clock that runs with the machine's and can be moved on. */
export const movableClock = ({ clock }: Pick<ReplayParts, 'clock'>) => {
  let aheadMs = 0;
  return {
    clock: {
      nowMs: () => clock.nowMs() + aheadMs,
      after: (delayMs: number, callback: () => void) => clock.after(delayMs, callback),
    },
    moveOn: (ms: number) => {
      aheadMs += ms;
    },
  };
};
