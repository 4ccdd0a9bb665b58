import { type JobHeaders, withJobHeaders } from '../../core/envelope.ts';
import type { AuditRecord } from '../../core/generated/audit-record.ts';
import type { JobEvent } from '../../core/generated/job-event.ts';
import { deterministicId, stepIdOf } from '../../core/ids.ts';
import { inboxFor } from '../../core/inbox.ts';
import { makeJobEvent, type ServiceIdentity } from '../../core/job-event.ts';
import type { WindowReason } from '../../core/outcome.ts';
import {
  type ConsumedRecord,
  formatPosition,
  type OutgoingRecord,
  type RecordPosition,
} from '../../core/record.ts';
import { startSpan } from '../../core/start-span.ts';
import { formatTraceparent } from '../../core/traceparent.ts';
import { redactText } from '../../security/redact.ts';
import { type DeadLetter, tenantOf } from './dead-letter.ts';

/** A dead letter that may go back, or a record of an event topic, with the headers its next copy gets. */
export interface Accepted {
  readonly letter: Pick<DeadLetter, 'at' | 'job' | 'envelope'>;
  readonly headers: JobHeaders;
  /** Only of a record of an event topic: whether its job was done, and is forced. */
  readonly event?: WindowReason;
}

/** One replay: who decided it, why, and under which id it is found again. */
export interface ReplayFacts {
  /** Name of the app. */
  readonly ns: string;
  readonly identity: ServiceIdentity;
  readonly replayId: string;
  readonly actor: string;
  readonly reason: string;
}

/** The headers of the replayed copy: the same job from the same origin, with fresh attempts and no error. */
export const replayHeaders = (dead: JobHeaders, replayId: string, at: RecordPosition): JobHeaders => ({
  id: dead.id,
  type: dead.type,
  attempt: 1,
  starts: 0,
  hop: dead.hop + 1,
  replayId,
  replayOf: formatPosition(at),
  replayCount: dead.replayCount + 1,
  ...(dead.starts === 0 ? {} : { diedIn: formatTraceparent(startSpan({ ...dead, jobId: dead.id })) }),
  ...(dead.editOf === undefined ? {} : { editOf: dead.editOf }),
  ...(dead.forcedBy === undefined ? {} : { forcedBy: dead.forcedBy }),
  ...(dead.orderKey === undefined ? {} : { orderKey: dead.orderKey }),
  ...(dead.priority === undefined ? {} : { priority: dead.priority }),
  ...(dead.origin === undefined ? {} : { origin: dead.origin }),
});

/** The copy for the inbox: key, value and foreign headers are the same bytes. */
export const replayRecord = (
  ns: string,
  { letter, headers }: Accepted,
  dead: ConsumedRecord,
): OutgoingRecord => ({
  topic: inboxFor(ns, letter.job, tenantOf(letter), headers.priority),
  key: dead.key,
  value: dead.value,
  headers: withJobHeaders(dead.headers, headers),
  ...(headers.orderKey === undefined ? {} : { partitionKey: Buffer.from(headers.orderKey, 'utf8') }),
});

const ACTIONS = { window: 'window.replay', forced: 'window.force' } as const;

const actionOf = ({ event }: Accepted): string => (event === undefined ? 'dlq.replay' : ACTIONS[event]);

/** What is written to the audit topic before the copy. */
export const replayAudit = (facts: ReplayFacts, accepted: Accepted, atMs: number): AuditRecord =>
  auditOf(facts, accepted, actionOf(accepted), atMs);

const auditOf = (
  facts: ReplayFacts,
  { letter, headers }: Accepted,
  action: string,
  atMs: number,
): AuditRecord => ({
  auditId: deterministicId('audit', action, facts.replayId, formatPosition(letter.at)),
  action,
  actor: facts.actor,
  reason: redactText(facts.reason, 2_048),
  subject: formatPosition(letter.at),
  tenantId: tenantOf(letter),
  correlationId: letter.envelope.correlationId ?? '',
  details: {
    replayId: facts.replayId,
    jobId: headers.id,
    jobType: headers.type,
    deadReason: letter.envelope.job?.deadReason ?? '',
    replayCount: String(headers.replayCount),
    service: facts.identity.service,
    host: facts.identity.host,
  },
  at: atMs,
});

const told = (
  facts: ReplayFacts,
  type: 'job.replayed' | 'job.skipped',
  { letter, headers }: Accepted,
  atMs: number,
  reason: string | null,
): JobEvent =>
  makeJobEvent(letter.job, facts.identity, type, stepIdOf(headers.id, `replay:${facts.replayId}`), {
    time: atMs,
    jobId: headers.id,
    tenantId: tenantOf(letter),
    userId: letter.envelope.userId ?? null,
    correlationId: letter.envelope.correlationId ?? letter.envelope.eventId ?? '',
    causationId: letter.envelope.causationId ?? letter.envelope.eventId ?? null,
    traceparent: letter.envelope.traceparent ?? null,
    origin: headers.origin ?? headers.replayOf ?? '',
    hop: headers.hop,
    replayId: facts.replayId,
    reason,
  });

/** What is told of the copy: why the job was dead, or that it is of a window. */
export const replayEvent = (facts: ReplayFacts, accepted: Accepted, atMs: number): JobEvent => {
  const { letter, event } = accepted;
  return told(facts, 'job.replayed', accepted, atMs, event ?? letter.envelope.job?.deadReason ?? null);
};

/** What is told of a record whose job was done before, so that nothing was written. */
export const skipEvent = (facts: ReplayFacts, accepted: Accepted, atMs: number): JobEvent =>
  told(facts, 'job.skipped', accepted, atMs, 'duplicate');
