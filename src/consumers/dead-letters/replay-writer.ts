import type { AppDefinition } from '../../core/app.ts';
import type { Clock } from '../../core/clock.ts';
import { EsteiraError, isEsteiraError } from '../../core/errors.ts';
import { AuditRecord } from '../../core/generated/audit-record.ts';
import { names } from '../../core/names.ts';
import type { BrokerAdmin, RecordProducer } from '../../core/ports/broker.ts';
import type { Serde } from '../../core/ports/serde.ts';
import type { JobTelemetry } from '../../core/ports/telemetry.ts';
import { type ConsumedRecord, formatPosition, type RecordPosition } from '../../core/record.ts';
import { readPositions } from './read-positions.ts';
import {
  type Accepted,
  type ReplayFacts,
  replayAudit,
  replayEvent,
  replayHeaders,
  replayRecord,
} from './replay-records.ts';
import type { Candidate } from './replay-selection.ts';

export interface ReplayWriterParts {
  readonly app: AppDefinition;
  readonly admin: BrokerAdmin;
  readonly clock: Clock;
  readonly producer: RecordProducer;
  readonly serde: Serde;
  readonly telemetry: JobTelemetry;
}

/** `unknown`: not acknowledged in time, it may be on the inbox. `not_attempted`: the replay stopped before it. */
export interface Replayed {
  readonly outcome: 'replayed' | 'unknown' | 'failed' | 'not_attempted';
  readonly detail?: string;
  readonly inbox?: RecordPosition;
}

type OnReplayed = (candidate: Candidate, replayed: Replayed) => void;

/** A candidate that may go back. */
interface Waiting extends Accepted {
  readonly candidate: Candidate;
}

const DEADLINE_MS = 30_000;

/** Accepted dead letters by position. */
const byPosition = (candidates: readonly Candidate[], replayId: string): Map<string, Waiting> => {
  const waiting = new Map<string, Waiting>();
  for (const candidate of candidates) {
    const dead = candidate.letter?.envelope.job;
    if (candidate.letter === undefined || dead === undefined) continue;
    const headers = replayHeaders(dead, replayId);
    waiting.set(formatPosition(candidate.at), { candidate, letter: candidate.letter, headers });
  }
  return waiting;
};

const auditUnavailable = (error: unknown, replayed: number, left: number): EsteiraError =>
  new EsteiraError(
    'ESTEIRA_AUDIT_UNAVAILABLE',
    `the audit record could not be written, so the replay stopped: ${replayed} records were replayed, ${left} were not; run it again when the audit topic can be written`,
    { facts: { replayed, left }, cause: error },
  );

/** Writes, audits and tells the records of one replay. */
class ReplayRun {
  readonly #parts: ReplayWriterParts;
  readonly #facts: ReplayFacts;

  constructor(parts: ReplayWriterParts, facts: ReplayFacts) {
    this.#parts = parts;
    this.#facts = facts;
  }

  async audit(accepted: Accepted): Promise<void> {
    const { serde, producer, clock } = this.#parts;
    const audit = replayAudit(this.#facts, accepted, clock.nowMs());
    const key = Buffer.from(audit.actor, 'utf8');
    const value = await serde.encode(AuditRecord, audit);
    const topic = names.audit(this.#facts.ns);
    await producer.send({ topic, key, value, headers: [] }, { deadlineMs: DEADLINE_MS });
  }

  async replay(accepted: Accepted, dead: ConsumedRecord): Promise<Replayed> {
    const record = replayRecord(this.#facts.ns, accepted, dead);
    let inbox: RecordPosition;
    try {
      inbox = await this.#parts.producer.send(record, { deadlineMs: DEADLINE_MS });
    } catch (error) {
      if (!isEsteiraError(error)) throw error;
      const outcome = error.code === 'ESTEIRA_PUBLISH_UNKNOWN' ? 'unknown' : 'failed';
      return { outcome, detail: `${error.code}: ${error.message}` };
    }
    const told = await this.#tell(accepted);
    return {
      outcome: 'replayed',
      inbox,
      ...(told ? {} : { detail: 'not told on the telemetry topic in time' }),
    };
  }

  /** Whether it is durable on the telemetry topic; gives up after a while, since the job is replayed anyway. */
  #tell(accepted: Accepted): Promise<boolean> {
    const { telemetry, clock } = this.#parts;
    const event = replayEvent(this.#facts, accepted, clock.nowMs());
    telemetry.observe(event);
    return new Promise((resolve, reject) => {
      const cancel = clock.after(DEADLINE_MS, () => resolve(false));
      telemetry
        .append(telemetry.encode(event))
        .then(() => resolve(true), reject)
        .finally(cancel);
    });
  }
}

/**
 * Replays dead letters chunk by chunk: first all audits of a chunk, acknowledged, then its records. A chunk with a
 * record that was not acknowledged is the last one.
 *
 * @throws EsteiraError ESTEIRA_AUDIT_UNAVAILABLE: nothing of this and later chunks was replayed.
 */
export const writeReplays = async (
  parts: ReplayWriterParts,
  facts: ReplayFacts,
  candidates: readonly Candidate[],
  onReplayed: OnReplayed,
): Promise<void> => {
  const run = new ReplayRun(parts, facts);
  const waiting = byPosition(candidates, facts.replayId);
  let replayed = 0;
  let stopped = false;

  const replayChunk = async (chunk: readonly { readonly dead: ConsumedRecord; readonly one: Waiting }[]) => {
    try {
      await Promise.all(chunk.map(({ one }) => run.audit(one)));
    } catch (error) {
      throw auditUnavailable(error, replayed, waiting.size);
    }
    return Promise.all(
      chunk.map(async ({ dead, one }) => {
        const result = await run.replay(one, dead);
        waiting.delete(formatPosition(dead));
        onReplayed(one.candidate, result);
        return result.outcome;
      }),
    );
  };

  for await (const records of readPositions(
    parts.admin,
    candidates.map(({ at }) => at),
  )) {
    const chunk = records.flatMap((dead) => {
      const one = waiting.get(formatPosition(dead));
      return one === undefined ? [] : [{ dead, one }];
    });
    const outcomes = await replayChunk(chunk);
    replayed += outcomes.filter((outcome) => outcome === 'replayed').length;
    stopped = outcomes.some((outcome) => outcome !== 'replayed');
    if (stopped) break;
  }
  const detail = stopped ? 'the replay stopped before it' : 'the record is gone from its topic';
  for (const { candidate } of waiting.values()) onReplayed(candidate, { outcome: 'not_attempted', detail });
};
