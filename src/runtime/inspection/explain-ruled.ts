import { type ControlRule, type PauseRule, resumeCommand, targetWords } from '../../core/control-rules.ts';
import type { RuledJob } from '../../core/controls.ts';
import { orderKeyText } from '../../core/order-key.ts';
import type { Explanation } from './explanation.ts';
import { type JobEvidence, lastStep } from './job-evidence.ts';
import { timeWords } from './time-words.ts';

/** What rules see of the job; undefined where too little is known of it. */
const ruledJob = ({ job, jobId, tenant, delivery, copy }: JobEvidence): RuledJob | undefined => {
  if (job === undefined || tenant === undefined) return undefined;
  const orderKey = delivery?.order && orderKeyText(delivery.order.orderKey, delivery.record.key);
  return {
    ...{ jobType: job.type, jobId, tenant, orderKey },
    origin: delivery?.origin ?? '',
    position: delivery?.position ?? '',
    bornMs: delivery?.envelope.eventTimeMs ?? copy?.record.timestampMs ?? 0,
    isReplayed: delivery?.job.replayId !== undefined,
  };
};

const signed = ({ atMs, actor, reason }: ControlRule, nowMs: number): string =>
  `since ${timeWords(atMs, nowMs)} by ${actor} because: ${reason}`;

/** What keeps it from starting, and what to do about it. */
const pauseWords = ({ target, guard, ...rule }: PauseRule, nowMs: number) => {
  const resume = `\`${resumeCommand(target)} --reason … --run\``;
  if (guard === undefined)
    return {
      says: `It waits: ${targetWords(target)} is paused ${signed({ target, ...rule }, nowMs)}.`,
      todo: `Let it go on when the reason is gone: ${resume}; \`esteira control list\` shows all that is in force.`,
    };
  const jobType = target.what === 'queue' ? '' : (target.jobType ?? '');
  return {
    says: `It waits: ${targetWords(target)} is suspended by its dead-letter guard since ${timeWords(rule.atMs, nowMs)}: ${rule.reason}.`,
    todo: `See what died (\`esteira dlq list --job-type ${jobType}\`), mend the cause, then: ${resume}.`,
  };
};

/** A job that operators keep from starting, or have ended before its start; undefined where no rule holds for it. */
export const explainRuled = (evidence: JobEvidence): Explanation | undefined => {
  const { rules, job, nowMs } = evidence;
  const ruled = ruledJob(evidence);
  if (rules === undefined || job === undefined || ruled === undefined) return undefined;
  const end = rules.endOf(ruled);
  if (end !== undefined) {
    const what = end.kind === 'cancel' ? 'It is cancelled' : `Job type ${job.type} was purged`;
    return {
      ...{ state: 'waiting', waitsFor: 'worker', sinceMs: end.atMs },
      says: `${what} ${signed(end, nowMs)}. It ends without a start when its turn comes.`,
      todo: 'Nothing.',
    };
  }
  const pause = rules.pauseOfType(job) ?? rules.pauseOfJob(ruled);
  if (pause === undefined) return undefined;
  const dueMs = lastStep(evidence)?.dueAt ?? undefined;
  return {
    ...{ state: 'suspended', waitsFor: 'operator', sinceMs: pause.atMs },
    ...(dueMs === undefined || dueMs < nowMs ? {} : { dueMs }),
    ...pauseWords(pause, nowMs),
  };
};
