import type { Clock } from '../../core/clock.ts';
import { waitFor } from '../../core/clock.ts';
import { EsteiraError } from '../../core/errors.ts';
import { names } from '../../core/names.ts';
import type { Broker, RecordProducer } from '../../core/ports/broker.ts';
import type { Log } from '../../core/ports/log.ts';
import { type ControlEntry, ControlReader } from './control-reader.ts';

export type { ControlEntry } from './control-reader.ts';

/** The control topic of an app: one partition, so that who came first is decided by the log. */
export interface ControlLog {
  /**
   * Writes in order; resolves with the offset of each when all are acknowledged by all in-sync replicas. A null value
   * takes the subject away.
   *
   * @throws EsteiraError ESTEIRA_PUBLISH_UNKNOWN (not acknowledged within 15 s: read to see what stands),
   *   ESTEIRA_RECORD_TOO_LARGE (larger than 1 MiB)
   */
  append(
    entries: readonly { readonly subject: string; readonly value: object | null }[],
  ): Promise<readonly bigint[]>;
  /**
   * Everything to the end of the topic, this log's own appends included: the latest entry of each subject that starts
   * with `prefix`, in the order the subjects first came.
   *
   * @throws EsteiraError ESTEIRA_TOPICS_DIFFER (there is no such topic), ESTEIRA_SERVICE_UNREACHABLE,
   *   ESTEIRA_BROKER_UNAVAILABLE
   */
  read(prefix: string): Promise<ReadonlyMap<string, ControlEntry>>;
  /** Closes the producer; the broker stays open. Safe to call twice. */
  close(): Promise<void>;
}

export interface ControlLogParts {
  /** The app's name. */
  readonly ns: string;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly log: Log;
  /** Which subjects to keep in memory, so that others are never found; default all. */
  readonly keeps?: (subject: string) => boolean;
}

const DEADLINE_MS = 15_000;
/** After a change of leaders the end of a topic may lag for moments behind what was acknowledged. */
const LOOKS_FOR_OWN = 20;
const LOOK_EVERY_MS = 100;

class TopicControlLog implements ControlLog {
  readonly #parts: ControlLogParts;
  readonly #topic: string;
  readonly #reader: ControlReader;
  #producer: Promise<RecordProducer> | undefined;
  #behindOwn = 0n;

  constructor(parts: ControlLogParts) {
    this.#parts = parts;
    this.#topic = names.control(parts.ns);
    const { broker, log, keeps } = parts;
    const kept = keeps === undefined ? {} : { keeps };
    this.#reader = new ControlReader({ topic: this.#topic, admin: broker.admin, log, ...kept });
  }

  async append(
    entries: readonly { readonly subject: string; readonly value: object | null }[],
  ): Promise<readonly bigint[]> {
    this.#producer ??= this.#parts.broker.createProducer();
    const producer = await this.#producer;
    const positions = await Promise.all(
      entries.map(({ subject, value }) =>
        producer.send(
          {
            topic: this.#topic,
            partition: 0,
            key: Buffer.from(subject, 'utf8'),
            value: value === null ? null : Buffer.from(JSON.stringify(value), 'utf8'),
            headers: [],
            timestampMs: this.#parts.clock.nowMs(),
          },
          { deadlineMs: DEADLINE_MS },
        ),
      ),
    );
    const offsets = positions.map(({ offset }) => offset);
    for (const offset of offsets) if (offset >= this.#behindOwn) this.#behindOwn = offset + 1n;
    return offsets;
  }

  async read(prefix: string): Promise<ReadonlyMap<string, ControlEntry>> {
    await this.#lookPastOwn();
    return new Map([...this.#reader.entries].filter(([subject]) => subject.startsWith(prefix)));
  }

  async close(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    await (await producer)?.close();
  }

  async #lookPastOwn(): Promise<void> {
    for (let look = 1; look <= LOOKS_FOR_OWN; look += 1) {
      await this.#reader.look(this.#parts.clock.nowMs());
      if (this.#reader.position >= this.#behindOwn) return;
      await waitFor(LOOK_EVERY_MS);
    }
    throw new EsteiraError(
      'ESTEIRA_BROKER_UNAVAILABLE',
      `what was written to ${this.#topic} and acknowledged is not yet readable: try again when Kafka has settled`,
      { facts: { topic: this.#topic, offset: String(this.#behindOwn - 1n) } },
    );
  }
}

/** Opens the control topic of an app. Connections are made when first used; reads after the first cost one request. */
export const openControlLog = async (parts: ControlLogParts): Promise<ControlLog> =>
  new TopicControlLog(parts);
