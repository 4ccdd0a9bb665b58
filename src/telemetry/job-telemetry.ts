import { type Clock, systemClock } from '../core/clock.ts';
import { EsteiraError } from '../core/errors.ts';
import { JobEvent } from '../core/generated/job-event.ts';
import type { RecordProducer } from '../core/ports/broker.ts';
import type { Log } from '../core/ports/log.ts';
import type { Serde } from '../core/ports/serde.ts';
import type { JobTelemetry, TelemetryRecord } from '../core/ports/telemetry.ts';
import type { RecordHeaders } from '../core/record.ts';
import { fanOut, type JobEventObserver } from './observer-fan.ts';
import { OutageGate, type Write } from './outage-gate.ts';
import { ProgressValve } from './progress-valve.ts';

export interface JobTelemetryOptions {
  /** Writes the telemetry topic; its buffer bounds the memory. */
  readonly producer: RecordProducer;
  readonly serde: Serde;
  /** The telemetry topic. */
  readonly topic: string;
  readonly log: Log;
  /** What picks the partition of an event; default its tenant. One that throws is logged once, and the tenant taken. */
  readonly partitionKey?: (event: JobEvent) => string;
  /** Listeners of this process; default none. */
  readonly observers?: readonly JobEventObserver[];
  readonly clock?: Clock;
}

/** Telemetry that is written to its topic. */
export interface TopicTelemetry extends JobTelemetry {
  /** How many events are not acknowledged yet; reports of progress that are kept back apart. */
  readonly pending: number;
  /** For how long none was acknowledged although some wait, ms; 0 while none waits. */
  readonly stuckMs: number;
}

/** The value tells everything; a reader needs to know only that it is Avro. */
const HEADERS: RecordHeaders = [['content-type', Buffer.from('application/avro')]];

/** Keys are mostly tenants, which come again and again. */
const MOST_KEYS = 1_000;
const LONGEST_KEPT_KEY = 128;

/** The bytes of keys; those of one text are shared, so nobody may write into them. */
const keyBytes = (): ((text: string) => Buffer) => {
  const kept = new Map<string, Buffer>();
  return (text) => {
    const known = kept.get(text);
    if (known !== undefined) return known;
    if (text.length > LONGEST_KEPT_KEY) return Buffer.from(text);
    if (kept.size === MOST_KEYS) kept.clear();
    // Memory of its own: a view would keep a piece that many share.
    const bytes = Buffer.alloc(Buffer.byteLength(text));
    bytes.write(text);
    kept.set(text, bytes);
    return bytes;
  };
};

const encodeNow = (serde: Serde, event: JobEvent): Buffer => {
  const bytes = serde.encode(JobEvent, event);
  if (Buffer.isBuffer(bytes)) return bytes;
  bytes.catch(() => undefined); // reported below; nothing waits for this promise
  throw new EsteiraError(
    'ESTEIRA_REGISTRY_UNAVAILABLE',
    `the schema id of ${JobEvent.name} is not known any more: telemetry cannot be encoded until the registry answers`,
  );
};

const guardedKey = (partitionKey: (event: JobEvent) => string, log: Log) => {
  let told = false;
  return (event: JobEvent): string => {
    try {
      return partitionKey(event);
    } catch (error) {
      if (!told) log.error('telemetry.partition_key_failed', { error: String(error) });
      told = true;
      return event.tenantId;
    }
  };
};

/**
 * Tells jobs on the telemetry topic and to the observers of this process. Looks up the schema id first, so that
 * encoding never waits afterwards.
 *
 * `append` keeps trying while the process lives; it fails only with what trying again cannot mend:
 * ESTEIRA_RECORD_TOO_LARGE, or ESTEIRA_CLOSED once the producer is closed. A repeat has the same event id.
 *
 * @throws EsteiraError ESTEIRA_SCHEMA_NOT_REGISTERED, ESTEIRA_REGISTRY_UNAVAILABLE
 */
export const createJobTelemetry = async (options: JobTelemetryOptions): Promise<TopicTelemetry> => {
  const { producer, serde, topic, log } = options;
  await serde.warm([JobEvent]);
  const write: Write<TelemetryRecord> = ({ key, value }, done) =>
    producer.post({ topic, key, value, headers: HEADERS }, done);
  const clock = options.clock ?? systemClock;
  const gate = new OutageGate(write, clock, log);
  const progress = new ProgressValve(gate, clock, log);
  const keyOf = guardedKey(options.partitionKey ?? ((event) => event.tenantId), log);
  const bytesOf = keyBytes();
  return {
    encode: (event) => ({ key: bytesOf(keyOf(event)), value: encodeNow(serde, event) }),
    post: (record, done) => gate.pass(record, done),
    postProgress: (run, record, done) => progress.pass(run, record, done),
    get pending() {
      return gate.pending;
    },
    get stuckMs() {
      return gate.stuckMs;
    },
    get progressDropped() {
      return progress.dropped;
    },
    append: (record) => {
      const appended = new Promise<void>((resolve, reject) => {
        gate.pass(record, (error) => (error === undefined ? resolve() : reject(error)));
      });
      // Callers keep the promise and wait for it at the end of the job; failing before that is no stray rejection.
      appended.catch(() => undefined);
      return appended;
    },
    observe: fanOut(options.observers ?? [], log),
  };
};
