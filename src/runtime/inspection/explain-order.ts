import type { JobDefinition } from '../../core/job.ts';
import { errorWords } from './explain-ended.ts';
import { explainReplay } from './explain-replay.ts';
import type { Explanation } from './explanation.ts';
import type { JobEvidence, OrderEvidence } from './job-evidence.ts';
import { countWords, timeWords } from './time-words.ts';

type Head = NonNullable<OrderEvidence['state']['head']>;

/** Keys and tenants are names; still nobody wants a page of them. */
export const shortName = (text: string): string => (text.length <= 64 ? text : `${text.slice(0, 63)}…`);

const asArgument = (text: string): string => (/^[\w.@:/+=-]+$/.test(text) ? text : JSON.stringify(text));

/** The ordering key as people know it. */
export const keyOf = ({ copy }: JobEvidence, { sequence: { orderKey } }: OrderEvidence): string => {
  const recordKey = copy?.record.key;
  return recordKey?.toString('base64') === orderKey ? recordKey.toString('utf8') : orderKey;
};

const keyArguments = (evidence: JobEvidence, job: JobDefinition<unknown>, order: OrderEvidence): string =>
  `${job.type} --tenant ${asArgument(order.sequence.tenant)} --key ${asArgument(shortName(keyOf(evidence, order)))} --reason …`;

const isHead = (
  evidence: JobEvidence,
  job: JobDefinition<unknown>,
  order: OrderEvidence,
  head: Head,
): Explanation => {
  const { nowMs, history } = evidence;
  const failed = history.findLast(({ type }) => type === 'job.failed');
  const since = failed === undefined ? {} : { sinceMs: failed.time };
  if (head.dead !== undefined) {
    return {
      ...{ state: 'waiting', waitsFor: 'worker', ...since },
      says: `It is to die at its next claim: ${head.dead}.`,
      todo: 'Nothing: a worker writes its dead letter, and what is behind it goes on.',
    };
  }
  const error = failed === undefined ? '' : ` with ${errorWords(failed)}`;
  const behind = order.where === 'waiting' ? ' Those of its key wait behind it, parked.' : '';
  const isDue = head.dueMs <= nowMs;
  const due = timeWords(head.dueMs, nowMs);
  return {
    ...{ state: 'retrying', waitsFor: isDue ? 'worker' : 'due-time', dueMs: head.dueMs, ...since },
    says:
      `Attempt ${head.attempt - 1} of ${job.retry.attempts} failed${error}. It is the head of its ordering key "${shortName(keyOf(evidence, order))}" and waits at its place for attempt ${head.attempt}, ` +
      `${isDue ? `which was due at ${due}: it waits for a worker` : `due at ${due}`}.${behind}`,
    todo: `Nothing: it goes on by itself. To give it up, so that its key goes on: \`esteira keys skip ${keyArguments(evidence, job, order)}\`.`,
  };
};

const behindWords = ({ nowMs }: JobEvidence, order: OrderEvidence): string => {
  const { state, front, sequence, place } = order;
  const { head } = state;
  if (head !== undefined && head.place < place) {
    const who = front?.place === head.place ? `job ${front.jobId}` : 'the record';
    const what =
      head.dead === undefined
        ? `which waits for attempt ${head.attempt}, due at ${timeWords(head.dueMs, nowMs)}`
        : `which is to die: ${head.dead}`;
    return `the head, ${who} at ${sequence.partition}/${head.place}, ${what}`;
  }
  if (front !== undefined && front.place < place)
    return `job ${front.jobId} at ${sequence.partition}/${front.place}, which runs or comes next`;
  return 'one that is about to end';
};

const isBehind = (evidence: JobEvidence, job: JobDefinition<unknown>, order: OrderEvidence): Explanation => {
  const { state, before, front, where } = order;
  const key = shortName(keyOf(evidence, order));
  const headJob = front !== undefined && front.place < order.place ? front.jobId : undefined;
  const look =
    headJob === undefined ? `\`esteira keys list ${job.type}\`` : `\`esteira jobs why ${headJob}\``;
  const parked = where === 'waiting' ? 'It is parked' : 'It waits on the direct way, to be parked,';
  return {
    ...{ state: 'parked', waitsFor: 'head' },
    ...(evidence.copy === undefined ? {} : { sinceMs: evidence.copy.record.timestampMs }),
    ...(state.head === undefined || state.head.dueMs === 0 ? {} : { dueMs: state.head.dueMs }),
    says: `${parked} behind ${countWords(before, 'record')} of its ordering key "${key}": ${behindWords(evidence, order)}.`,
    todo: `It goes on when those before it have ended: ${look}. To give the head up: \`esteira keys skip ${keyArguments(evidence, job, order)}\`.`,
  };
};

const isHeld = (
  evidence: JobEvidence,
  job: JobDefinition<unknown>,
  order: OrderEvidence,
  held: number,
): Explanation => ({
  ...{ state: 'waiting', waitsFor: 'operator' },
  says: `Its ordering key "${shortName(keyOf(evidence, order))}" is held since one of it died (${countWords(held, 'dead letter')} so far): at its turn it dies behind that one (behind_dead_letter).`,
  todo: `See \`esteira dlq list --job-type ${job.type}\`; to let what follows run: \`esteira keys unblock ${keyArguments(evidence, job, order)}\`.`,
});

/** What its ordering key says; undefined when nothing of its key keeps it. */
export const explainOrder = (evidence: JobEvidence): Explanation | undefined => {
  const { order, job } = evidence;
  if (order === undefined || job === undefined) return undefined;
  const replayed = explainReplay(evidence);
  if (replayed !== undefined) return replayed;
  const { state, place, before, where } = order;
  const { head, held } = state;
  if (head?.place === place) return isHead(evidence, job, order, head);
  const isPassed = state.passed !== undefined && place <= state.passed;
  const isAhead = where === 'waiting' || state.diverted;
  if (!isPassed && isAhead && (before > 0 || (head !== undefined && head.place < place)))
    return isBehind(evidence, job, order);
  return held === undefined || isPassed ? undefined : isHeld(evidence, job, order, held);
};
