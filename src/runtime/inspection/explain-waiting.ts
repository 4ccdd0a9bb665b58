import type { JobEvent } from '../../core/generated/job-event.ts';
import type { DeferReason } from '../../core/outcome.ts';
import { formatPosition } from '../../core/record.ts';
import { errorWords } from './explain-ended.ts';
import type { Explanation, JobState } from './explanation.ts';
import { type JobEvidence, lastStep } from './job-evidence.ts';
import type { LiveCopy } from './live-copies.ts';
import { countWords, timeWords } from './time-words.ts';
import { unseenCapWords } from './unseen-caps.ts';

/** A relay forwards this long after a record is due, at most, when all is well. */
const RELAY_SLACK_MS = 2_000;

/** The state of a job that waits, by the last that was told of it. */
const stateOf = (last: JobEvent | undefined, copy: LiveCopy | undefined): JobState => {
  if (last === undefined)
    return copy?.headers?.origin === undefined && copy?.role !== 'event' ? 'dispatched' : 'waiting';
  if (last.type === 'job.retried' || last.type === 'job.failed') return 'retrying';
  return last.type === 'job.dispatched' ? 'dispatched' : 'waiting';
};

const DEFERRED: Readonly<Record<DeferReason, string>> = {
  trigger_delay: 'its trigger has a delay',
  running_elsewhere: 'its idempotency key ran elsewhere',
  dedicated_inbox: 'its tenant has an inbox of its own',
  surplus: 'its tenant has flooded the partition it came on, and it was moved aside of the others',
  dependency_down: 'what it depends on is down',
  paused: 'an operator had paused its tenant or key',
};

/** A newer version may have told a reason that is not known here. */
const REASONS: Readonly<Record<string, string>> = DEFERRED;

/** Why it came to wait, as a sentence; empty when there is nothing to say. */
const cause = (last: JobEvent | undefined, nowMs: number): string => {
  switch (last?.type) {
    case 'job.retried':
    case 'job.failed':
      return `Attempt ${last.attempt} of ${last.maxAttempts} failed at ${timeWords(last.time, nowMs)} with ${errorWords(last)}. `;
    case 'job.deferred':
      return `It was put off at ${timeWords(last.time, nowMs)}: ${REASONS[last.reason ?? ''] ?? last.reason ?? ''}. `;
    case 'job.replayed':
      return `It was replayed from the dead letters at ${timeWords(last.time, nowMs)}. `;
    case 'job.started':
      return `It was started at ${timeWords(last.time, nowMs)}, and its right to run was given back: its worker stopped. `;
    default:
      return '';
  }
};

const onTier = (evidence: JobEvidence, copy: LiveCopy): Explanation => {
  const { nowMs } = evidence;
  const { record, headers, tierMs = 0, groupId } = copy;
  const last = lastStep(evidence);
  const dueMs = Math.max(record.timestampMs + tierMs, headers?.dueMs ?? 0);
  const tier = `tier ${record.topic}`;
  const base = { state: stateOf(last, copy), sinceMs: last?.time ?? record.timestampMs, dueMs };
  const next = last?.type === 'job.retried' ? ` for attempt ${last.attempt + 1}` : '';
  if (dueMs + RELAY_SLACK_MS < nowMs) {
    return {
      ...{ ...base, waitsFor: 'relay' },
      says: `${cause(last, nowMs)}It waits on ${tier}${next} and was due at ${timeWords(dueMs, nowMs)}, but group ${groupId} has not forwarded it: ${countWords(copy.ahead, 'record')} before it in its partition.`,
      todo: 'Look whether a process with the relay role runs (`esteira start --roles relay`), and what it logs.',
    };
  }
  return {
    ...{ ...base, waitsFor: 'due-time' },
    says: `${cause(last, nowMs)}It waits on ${tier}${next}, due at ${timeWords(dueMs, nowMs)}.`,
    todo: 'Nothing: it goes on by itself.',
  };
};

/** The limits that have nothing left. */
const fullLimits = ({ limits }: JobEvidence): string =>
  limits
    .filter(({ used, most }) => used >= most)
    .map(({ queue, tenant, used, most }) =>
      tenant === undefined
        ? `Queue ${queue} is at its limit: ${used} of ${most} run.`
        : `Tenant ${tenant} is at its limit in queue ${queue}: ${used} of ${most} run.`,
    )
    .join(' ');

const onTheWay = (evidence: JobEvidence, copy: LiveCopy): Explanation => {
  const { nowMs, job, delivery, limits } = evidence;
  const last = lastStep(evidence);
  const { record, role } = copy;
  const at = `It stands at ${formatPosition(record)}`;
  const base = { state: stateOf(last, copy), sinceMs: last?.time ?? record.timestampMs };
  const notBeforeMs = delivery?.notBeforeMs;
  if (notBeforeMs !== undefined && notBeforeMs > nowMs) {
    return {
      ...{ ...base, waitsFor: 'due-time', dueMs: notBeforeMs },
      says: `${at}; its trigger has a delay: it is due at ${timeWords(notBeforeMs, nowMs)}.`,
      todo: 'Nothing: it goes on by itself.',
    };
  }
  const full = fullLimits({ ...evidence, limits });
  const due =
    last?.dueAt === null || last?.dueAt === undefined
      ? ''
      : ` It was due at ${timeWords(last.dueAt, nowMs)}.`;
  const others = role === 'event' ? ' (of any kind)' : '';
  const before =
    copy.ahead === 0
      ? ', the first of its partition that is not settled,'
      : `, with ${countWords(copy.ahead, 'record')}${others} before it that may not be settled,`;
  return {
    ...{ ...base, waitsFor: full === '' ? 'worker' : 'limit' },
    says: `${cause(last, nowMs)}${at}${before} and waits for a worker.${due}${full === '' ? unseenCapWords(evidence) : ` ${full}`}`,
    todo:
      full === ''
        ? `See whether workers of queue ${job?.queue ?? 'default'} run and keep up: \`esteira queues list\`.`
        : 'It starts when one that runs has ended; raise the limit of the queue if that takes too long.',
  };
};

/** Starts are suspended: what they depend on is down. */
export const explainSuspended = (evidence: JobEvidence): Explanation | undefined => {
  const { suspension, nowMs, job } = evidence;
  const last = lastStep(evidence);
  const isDown =
    (last?.type === 'job.deferred' && last.reason === 'dependency_down') ||
    (last?.type === 'job.failed' && last.errorClass === 'dependency-down');
  if (suspension === undefined && !isDown) return undefined;
  const scope = suspension?.dimensions['scope'] === 'type' ? 'for all tenants' : 'for its tenant';
  const what =
    suspension === undefined
      ? 'What it depends on is down, so its start was put off'
      : `Starts of ${job?.type} are suspended ${scope} since ${timeWords(suspension.time, nowMs)}, because ${suspension.reason ?? 'what they depend on'} is down (told by ${suspension.host})`;
  const dueMs = last?.dueAt ?? undefined;
  const due = dueMs === undefined ? '' : ` Its next look is due at ${timeWords(dueMs, nowMs)}.`;
  return {
    ...{ state: 'suspended', waitsFor: 'dependency', sinceMs: suspension?.time ?? last?.time ?? nowMs },
    ...(dueMs === undefined ? {} : { dueMs }),
    says: `${what}; no attempt is spent.${due}`,
    todo: `Mend ${suspension?.reason ?? 'the dependency'}: one job tries now and then, and all go on when it gets through.`,
  };
};

/** A job that waits on a topic; undefined when no copy of it was found. */
export const explainWaiting = (evidence: JobEvidence): Explanation | undefined => {
  const { copy } = evidence;
  if (copy === undefined) return undefined;
  return copy.role === 'tier' ? onTier(evidence, copy) : onTheWay(evidence, copy);
};

/** What was told last, where no copy of the job is to be found. */
export const explainTold = (evidence: JobEvidence, last: JobEvent): Explanation => {
  const { nowMs, isCut } = evidence;
  const state = last.type === 'job.started' ? 'running' : stateOf(last, undefined);
  const why = isCut
    ? 'there are too many records on the way to look at all of them'
    : 'it may be between two topics, or its record is gone';
  return {
    ...{ state, waitsFor: 'unknown', sinceMs: last.time },
    says: `The last that was told of it is ${last.type}, at ${timeWords(last.time, nowMs)} on ${last.host}; it was not found on its way: ${why}.`,
    todo: 'Ask again in a moment.',
  };
};

/** Nothing was found. */
export const explainUnknown = ({ nowMs, telemetry, isCut }: JobEvidence): Explanation => ({
  ...{ state: 'unknown', waitsFor: 'unknown' },
  says:
    `Nothing was told of it since ${timeWords(telemetry.backToMs, nowMs)}, and it is not among the records that are on their way` +
    `${isCut || telemetry.isCut ? ', as far as they were looked at' : ''}.`,
  todo: 'Check the id; look further back with --since, and with --tenant when there is too much to read.',
});
