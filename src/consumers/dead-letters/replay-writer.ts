import type { Clock } from '../../core/clock.ts';
import { AuditRecord } from '../../core/generated/audit-record.ts';
import type { JobEvent } from '../../core/generated/job-event.ts';
import { names } from '../../core/names.ts';
import type { RecordProducer } from '../../core/ports/broker.ts';
import type { Serde } from '../../core/ports/serde.ts';
import type { JobTelemetry } from '../../core/ports/telemetry.ts';
import type { OutgoingRecord, RecordPosition } from '../../core/record.ts';
import { type Accepted, type ReplayFacts, replayAudit, replayEvent, skipEvent } from './replay-records.ts';

/** What writes during a replay; asked for only when something is written. */
export interface ReplayWriter {
  readonly producer: RecordProducer;
  readonly serde: Serde;
  /** Nothing runs here that could report. */
  readonly telemetry: Omit<JobTelemetry, 'postProgress' | 'progressDropped'>;
}

export interface LetterWriterParts extends ReplayWriter {
  readonly clock: Clock;
  /** How long a record may wait for its acknowledgement, ms. */
  readonly deadlineMs: number;
}

/** Audits, writes and tells the dead letters of one replay. */
export class LetterWriter {
  readonly #parts: LetterWriterParts;
  readonly #facts: ReplayFacts;

  constructor(parts: LetterWriterParts, facts: ReplayFacts) {
    this.#parts = parts;
    this.#facts = facts;
  }

  /** Resolves when it is acknowledged; to be awaited before the letter is written. Repeats have the same id. */
  async audit(accepted: Accepted): Promise<void> {
    const { serde, producer, clock, deadlineMs } = this.#parts;
    const audit = replayAudit(this.#facts, accepted, clock.nowMs());
    const key = Buffer.from(audit.actor, 'utf8');
    const value = await serde.encode(AuditRecord, audit);
    await producer.send({ topic: names.audit(this.#facts.ns), key, value, headers: [] }, { deadlineMs });
  }

  /** @throws EsteiraError as `RecordProducer.send` */
  write(record: OutgoingRecord): Promise<RecordPosition> {
    const { producer, deadlineMs } = this.#parts;
    return producer.send(record, { deadlineMs });
  }

  /** Tells that a letter was replayed, and answers whether that became durable in time. */
  tellReplayed(accepted: Accepted): Promise<boolean> {
    return this.#tell(replayEvent(this.#facts, accepted, this.#parts.clock.nowMs()));
  }

  /** Tells that the job of a letter is done already. */
  tellSkipped(accepted: Accepted): Promise<boolean> {
    return this.#tell(skipEvent(this.#facts, accepted, this.#parts.clock.nowMs()));
  }

  /** Gives up after a while: the letter is replayed anyway. */
  #tell(event: JobEvent): Promise<boolean> {
    const { telemetry, clock, deadlineMs } = this.#parts;
    telemetry.observe(event);
    return new Promise((resolve, reject) => {
      const cancel = clock.after(deadlineMs, () => resolve(false));
      telemetry
        .append(telemetry.encode(event))
        .then(() => resolve(true), reject)
        .finally(cancel);
    });
  }
}
