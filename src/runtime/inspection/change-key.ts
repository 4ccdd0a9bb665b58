import { readPositions } from '../../consumers/dead-letters/read-positions.ts';
import type { JobDefinition } from '../../core/job.ts';
import type { ServiceIdentity } from '../../core/job-event.ts';
import type { DeadReason } from '../../core/outcome.ts';
import type { SequenceState } from '../../core/ports/order-state.ts';
import { auditOf, type Deed, requireWho, writeAudits } from '../control/audited.ts';
import { deliveryOf } from './delivery-of.ts';
import { shortName } from './explain-order.ts';
import type { InspectionParts } from './job-evidence.ts';
import { frontOf, type OpenSequence, orderedJob, stuckSequences } from './open-sequences.ts';
import { lengthWords, timeWords } from './time-words.ts';

/** `unblock` lifts a hold; `skip` makes the waiting head die at its next claim. */
export type KeyChange = 'unblock' | 'skip';

export interface KeyChangeParts extends InspectionParts {
  readonly identity: ServiceIdentity;
}

export interface KeyChangeRequest {
  readonly change: KeyChange;
  readonly jobType: string;
  readonly tenant: string;
  /** The ordering key, as `listKeys` tells it. */
  readonly key: string;
  /** Who decides; goes into the audit. */
  readonly actor: string;
  /** Why; goes into the audit, redacted. */
  readonly reason: string;
  /** False (the default) only says what would be done. */
  readonly run?: boolean;
  readonly nowMs: number;
}

/** What became of one sequence of the key, or would. */
export interface ChangedKey {
  /** `topic/partition` its records come from. */
  readonly partition: string;
  readonly outcome: 'would_lift' | 'lifted' | 'would_skip' | 'skipped' | 'refused';
  readonly detail: string;
}

/** An operator decides that it shall not run again. */
const SKIP_REASON: DeadReason = 'unrecoverable';

/** Whether the head of a sequence runs now: then its fate is not ours to decide. */
const headRuns = async (
  { app, backend }: InspectionParts,
  job: JobDefinition<unknown>,
  sequence: OpenSequence,
): Promise<boolean> => {
  const place = frontOf(sequence);
  const copy = sequence.copies.find((one) => one.place === place);
  if (copy === undefined) return false;
  for await (const [record] of readPositions(backend.broker.admin, [copy.at])) {
    if (record === undefined) continue;
    const { tenant } = sequence.id;
    const delivery = await deliveryOf({ app, serde: backend.serde, job, record, tenant });
    if (delivery === undefined) continue;
    const [claim] = await backend.state.inspect([delivery.claim]);
    return claim?.kind === 'running' && claim.jobId === copy.jobId && claim.untilMs > claim.nowMs;
  }
  return false;
};

const refused = ({ id }: OpenSequence, detail: string): ChangedKey => ({
  partition: id.partition,
  outcome: 'refused',
  detail,
});

/** What lifting the hold does to an ordered replay. */
const replayWords = (replay: SequenceState['replay']): string =>
  replay === undefined || replay.state === 'ended'
    ? ''
    : `; the replay ${replay.by} of it ends: ${replay.done} of ${replay.count} are done, the rest stays dead`;

/** What can be done about a sequence, before anything is. */
const judge = async (
  parts: InspectionParts,
  job: JobDefinition<unknown>,
  sequence: OpenSequence,
  { change, nowMs }: KeyChangeRequest,
): Promise<ChangedKey> => {
  const { id, state } = sequence;
  const { head, held } = state;
  if (change === 'unblock') {
    if (held !== undefined)
      return {
        partition: id.partition,
        outcome: 'would_lift',
        detail: `held since ${held} of it died; what comes next runs${replayWords(state.replay)}`,
      };
    const waits =
      head === undefined
        ? 'nothing is held'
        : `nothing is held; its head waits for attempt ${head.attempt}, due at ${timeWords(head.dueMs, nowMs)}, which cannot be brought forward: \`esteira keys skip\` gives it up`;
    return refused(sequence, waits);
  }
  if (await headRuns(parts, job, sequence))
    return refused(sequence, 'its head runs now: ask again when it has failed');
  if (head === undefined)
    return refused(sequence, 'no head of it has failed and waits: there is nothing to skip');
  if (head.dead !== undefined) return refused(sequence, `its head is to die already: ${head.dead}`);
  const left = head.dueMs - nowMs;
  const when =
    left <= 0
      ? 'at its next claim, which is due'
      : `at its next claim, at the latest in ${lengthWords(left)}`;
  return {
    partition: id.partition,
    outcome: 'would_skip',
    detail: `the head at ${id.partition}/${head.place} dies ${when} (${SKIP_REASON}); what is behind it goes on`,
  };
};

/** A sequence that is meant, and what can be done about it. */
interface Judged {
  readonly sequence: OpenSequence;
  readonly change: ChangedKey;
}

const deedOf = (request: KeyChangeRequest, { id, state }: OpenSequence): Deed => ({
  ...{ action: `keys.${request.change}`, actor: request.actor, reason: request.reason },
  subject: shortName(`${id.jobType} ${id.partition}`),
  tenantId: id.tenant,
  details: {
    jobType: id.jobType,
    partition: id.partition,
    orderKey: shortName(id.orderKey),
    ...(state.head === undefined ? {} : { place: String(state.head.place) }),
    ...(state.held === undefined ? {} : { held: String(state.held) }),
  },
  atMs: request.nowMs,
});

const carryOut = async (
  { backend }: InspectionParts,
  job: JobDefinition<unknown>,
  sequence: OpenSequence,
  judged: ChangedKey,
): Promise<ChangedKey> => {
  const { order } = backend.state;
  const ttlMs = job.doneTtlMs;
  if (judged.outcome === 'would_lift') {
    await order.lift([{ ...sequence.id, ttlMs }]);
    return { ...judged, outcome: 'lifted' };
  }
  const place = sequence.state.head?.place ?? -1;
  const [answer] = await order.condemn([{ ...sequence.id, place, reason: SKIP_REASON, ttlMs }]);
  return answer === 'condemned'
    ? { ...judged, outcome: 'skipped' }
    : refused(sequence, 'its head had gone on meanwhile: look again with `esteira keys list`');
};

/**
 * Lifts the hold of an ordering key, or gives its head up, in each of its sequences. A dry run unless `run` is true; each
 * change is audited, with acknowledgement, before it is made. What a guard does not allow is refused, and says why.
 *
 * @throws EsteiraError ESTEIRA_USAGE (no actor, no reason, a type without order), ESTEIRA_JOB_TYPE_UNKNOWN,
 *   ESTEIRA_AUDIT_UNAVAILABLE (nothing was changed), ESTEIRA_BROKER_UNAVAILABLE, ESTEIRA_STATE_UNAVAILABLE
 */
export const changeKey = async (
  parts: KeyChangeParts,
  request: KeyChangeRequest,
): Promise<readonly ChangedKey[]> => {
  requireWho('a change of a key', request);
  const job = orderedJob(parts, request.jobType);
  const { sequences } = await stuckSequences(parts, job, request.nowMs);
  const meant = sequences.filter(
    ({ id, key }) =>
      id.tenant === request.tenant && [key, shortName(key), id.orderKey].some((text) => text === request.key),
  );
  if (meant.length === 0)
    return [{ partition: '-', outcome: 'refused', detail: 'nothing of this key is parked or held' }];
  const judged: Judged[] = [];
  for (const sequence of meant) judged.push({ sequence, change: await judge(parts, job, sequence, request) });
  const isIdle = judged.every(({ change }) => change.outcome === 'refused');
  if (request.run !== true || isIdle) return judged.map(({ change }) => change);
  const accepted = judged.filter(({ change }) => change.outcome !== 'refused');
  // All are acknowledged before anything is changed.
  const audits = accepted.map(({ sequence }) => auditOf(parts.identity, deedOf(request, sequence)));
  await writeAudits(parts, audits, { jobType: request.jobType });
  const changes: ChangedKey[] = [];
  for (const { sequence, change } of judged)
    changes.push(change.outcome === 'refused' ? change : await carryOut(parts, job, sequence, change));
  return changes;
};
