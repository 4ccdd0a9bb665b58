import {
  contentTypeOf,
  type Dispatch,
  dispatchedEvent,
  dispatchRecord,
  encodeDispatch,
} from '../core/dispatch-record.ts';
import { contextHeaders } from '../core/envelope.ts';
import { isEsteiraError } from '../core/errors.ts';
import { type Follower, followersOf } from '../core/followers.ts';
import { JobEvent } from '../core/generated/job-event.ts';
import { followerIdOf } from '../core/ids.ts';
import { inboxFor } from '../core/inbox.ts';
import type { JobDefinition } from '../core/job.ts';
import type { TelemetryRecord } from '../core/ports/telemetry.ts';
import { startSpan } from '../core/start-span.ts';
import { formatTraceparent } from '../core/traceparent.ts';
import { declaredDimensions } from '../security/told-dimensions.ts';
import { type InsistParts, insist } from './backoff.ts';
import { Decider } from './decide.ts';
import type { Delivery } from './delivery.ts';
import type { EngineParts } from './engine-parts.ts';
import type { Entry } from './entry.ts';
import { type FollowUp, followUpOf } from './follow-up.ts';
import { foundError } from './found-error.ts';
import { createTeller } from './job-telling.ts';
import type { SuccessorWriter } from './successor.ts';
import { type TellingParts, tellEvent } from './tell-record.ts';

export interface FollowerDispatchParts
  extends TellingParts,
    InsistParts,
    Pick<EngineParts, 'app' | 'serde' | 'identity' | 'knownSpans'> {
  /** The job type that is followed. */
  readonly job: JobDefinition<unknown>;
  readonly writer: Pick<SuccessorWriter, 'send' | 'write'>;
  /** A programming error of ours. */
  readonly onError: (error: unknown) => void;
}

type Wanted = Extract<FollowUp, { kind: 'job' }>;
type Unfit = Extract<FollowUp, { kind: 'dead' }>;

/**
 * Asks for the jobs that follow those of one type. It works from the terminal event of the parent, which its done mark
 * holds until all of them are written: whoever finds it there, after a crash, asks for the very same jobs again.
 */
export class FollowerDispatch {
  readonly #parts: FollowerDispatchParts;
  readonly #followers: readonly Follower[];

  constructor(parts: FollowerDispatchParts) {
    this.#parts = parts;
    this.#followers = followersOf(parts.app, parts.job.type);
  }

  /** Whether nobody follows the job type. */
  get isIdle(): boolean {
    return this.#followers.length === 0;
  }

  /** A job is over, and its mark is set: asks for those that follow. The entry is not told before they are written. */
  ended(entry: Entry, event: JobEvent): void {
    this.#followAll(entry, event, event.time);
  }

  /** The same, of the event that a done mark still held. */
  async endedBefore(entry: Entry, { value }: TelemetryRecord): Promise<void> {
    if (this.isIdle) return;
    const decoded = await insist(this.#parts, 'decode the event of a done mark', () =>
      this.#parts.serde.decode(JobEvent, value),
    );
    if (!decoded.ok) throw new TypeError(`the event of a done mark is none: ${decoded.detail}`);
    this.#followAll(entry, decoded.value, this.#parts.clock.nowMs());
  }

  #followAll(entry: Entry, event: JobEvent, nowMs: number): void {
    if (event.type !== 'job.completed') return;
    for (const follower of this.#followers) {
      entry.telling();
      this.#follow(entry, follower, event, nowMs).then(() => entry.told(), this.#parts.onError);
    }
  }

  /** What is left of its delay counts from `nowMs`: a delay of a minute goes to the tier of a minute. */
  async #follow(entry: Entry, follower: Follower, event: JobEvent, nowMs: number): Promise<void> {
    const followUp = followUpOf(follower, entry.delivery.payload);
    if (followUp.kind === 'nothing') return;
    const dispatch = this.#dispatchOf(follower, event);
    const unfit =
      followUp.kind === 'dead' ? followUp : await this.#ask(entry, follower, dispatch, followUp, nowMs);
    if (unfit !== undefined) await this.#bury(entry, follower, dispatch, unfit);
  }

  /** All of it comes from the parent's event, so that a repeat is the same job. */
  #dispatchOf({ job, completion, format }: Follower, event: JobEvent): Dispatch {
    const { app, identity, knownSpans = false } = this.#parts;
    const jobId = followerIdOf(app.name, job.type, event.jobId);
    // Made by the run that completed, whose span everybody can work out, also who finds its done mark.
    const traceparent = knownSpans ? formatTraceparent(startSpan(event)) : event.traceparent;
    return {
      jobId,
      context: {
        ...{ eventId: jobId, eventType: format.type, source: identity.service, eventTimeMs: event.time },
        ...{ tenant: event.tenantId, correlationId: event.correlationId, causationId: event.jobId },
        ...(event.userId === null ? {} : { userId: event.userId }),
        ...(traceparent === null ? {} : { traceparent }),
        contentType: contentTypeOf(format),
      },
      priority: completion.priority,
      ...(completion.delayMs > 0 ? { dueMs: event.time + completion.delayMs } : {}),
    };
  }

  /** Writes the record and tells of it; comes to why it cannot be written, if so. */
  async #ask(
    entry: Entry,
    { job, format }: Follower,
    dispatch: Dispatch,
    { payload, orderKey }: Wanted,
    nowMs: number,
  ): Promise<Unfit | undefined> {
    const { app, identity, serde, writer } = this.#parts;
    let value: Buffer;
    try {
      value = await insist(this.#parts, `encode ${job.type}`, () => encodeDispatch(serde, format, payload));
    } catch (error) {
      if (!isEsteiraError(error, 'ESTEIRA_PAYLOAD_INVALID')) throw error;
      return { kind: 'dead', code: error.code, detail: error.message };
    }
    const record = dispatchRecord(app, job, { ...dispatch, orderKey }, value, nowMs);
    const position = await writer.send(entry.delivery, record);
    const dimensions = declaredDimensions(job, payload);
    tellEvent(this.#parts, entry, dispatchedEvent(job, identity, dispatch, position, dimensions));
    return undefined;
  }

  /** A follower that cannot be made: a dead letter of its type, without a value; its cause has the facts. */
  async #bury(entry: Entry, follower: Follower, dispatch: Dispatch, { code, detail }: Unfit): Promise<void> {
    const { app, identity, writer } = this.#parts;
    const { job } = follower;
    const delivery = unborn(entry.delivery, inboxFor(app.name, job, dispatch.context.tenant), job, dispatch);
    const decision = new Decider(app, job, createTeller(job, identity)).dead(delivery, {
      ...{ reason: 'payload_invalid', error: foundError(code, detail) },
      atMs: dispatch.context.eventTimeMs,
    });
    await writer.write(delivery, decision);
    for (const event of decision.events) tellEvent(this.#parts, entry, event);
  }
}

/** A follower as it would have been delivered, had there been a record; its origin is the parent's. */
const unborn = (
  parent: Delivery,
  topic: string,
  { type }: JobDefinition<unknown>,
  { jobId, context, priority }: Dispatch,
): Delivery => ({
  record: {
    ...{ topic, partition: 0, offset: 0n, timestampMs: context.eventTimeMs },
    ...{ key: Buffer.from(context.tenant, 'utf8'), value: null, headers: contextHeaders(context) },
  },
  envelope: context,
  job: { ...{ id: jobId, type, attempt: 1, starts: 0, hop: 0, priority, replayCount: 0 } },
  position: parent.position,
  origin: parent.origin,
  tenant: context.tenant,
  correlationId: parent.correlationId,
  claim: { jobType: type, tenant: context.tenant, idempotencyKey: jobId },
  payload: undefined,
  notBeforeMs: undefined,
  priority,
  order: undefined,
  deadOnArrival: undefined,
});
