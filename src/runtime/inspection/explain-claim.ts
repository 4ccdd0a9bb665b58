import type { JobDefinition } from '../../core/job.ts';
import type { ClaimState } from '../../core/ports/state.ts';
import { formatPosition } from '../../core/record.ts';
import type { Explanation } from './explanation.ts';
import { type JobEvidence, lastStep } from './job-evidence.ts';
import { countWords, lengthWords, timeWords } from './time-words.ts';

type Running = ClaimState & { readonly kind: 'running' };

/** Fences are made of the store's time, µs: the start where none was told. */
const startedMs = ({ history }: JobEvidence, claim: Running): number =>
  history.find(({ type, fence }) => type === 'job.started' && fence === claim.fence)?.time ??
  claim.fence / 1_000;

const startWords = ({ attempt, starts }: Running, job: JobDefinition<unknown>): string =>
  `attempt ${attempt} of ${job.retry.attempts}, ${countWords(starts, 'start')} so far`;

/** A lease that is renewed is never older than a heartbeat, but for a slow moment. */
const LATE_HEARTBEATS = 2;

/**
 * Whether its partition goes on without it, as a sentence: then what is on its way is only a copy that stands in for it;
 * empty when it is not so.
 */
const detachedWords = (
  { copy, nowMs }: JobEvidence,
  job: JobDefinition<unknown>,
  sinceMs: number,
): string => {
  const { place, dueMs } = copy?.headers ?? {};
  if (copy === undefined || place === undefined || job.ordered) return '';
  const next = dueMs === undefined ? '' : `, which looks again at ${timeWords(dueMs, nowMs)}`;
  return ` It is detached, since it has run for longer than ${lengthWords(Math.min(job.detachAfterMs, nowMs - sinceMs))}: the offset of ${place} is settled, and ${formatPosition(copy.record)} stands in for it${next}, in case its process dies.`;
};

const runs = (evidence: JobEvidence, job: JobDefinition<unknown>, claim: Running): Explanation => {
  const { nowMs } = evidence;
  const sinceMs = startedMs(evidence, claim);
  const started = evidence.history.findLast(({ type }) => type === 'job.started');
  const where = started === undefined ? '' : ` on ${started.host}, execution ${started.executionId}`;
  const unrenewedMs = claim.nowMs - (claim.untilMs - job.leaseMs);
  const until = `its lease ends at ${timeWords(claim.untilMs, claim.nowMs)}`;
  const detached = detachedWords(evidence, job, sinceMs);
  const base = `It runs since ${timeWords(sinceMs, nowMs)}${where} (${startWords(claim, job)})`;
  if (unrenewedMs > LATE_HEARTBEATS * job.heartbeatMs) {
    return {
      ...{ state: 'running', waitsFor: 'lease', sinceMs, dueMs: claim.untilMs },
      says: `${base}, but its claim was not renewed for ${lengthWords(unrenewedMs)}: its worker may have died. If so, it starts again when ${detached === '' ? until : `${until}, and its stand-in comes`}.${detached}`,
      todo: 'Wait for the end of the lease; then another worker takes it. Look whether the worker lives.',
    };
  }
  return {
    ...{ state: 'running', waitsFor: 'nothing', sinceMs },
    says: `${base}; its worker lives: it renews the claim, and ${until} unless it is renewed again.${detached}`,
    todo: 'Nothing, unless it runs longer than it should: an attempt that times out is told as failed.',
  };
};

const leaseOver = (job: JobDefinition<unknown>, claim: Running): Explanation => ({
  ...{ state: 'waiting', waitsFor: 'worker', sinceMs: claim.untilMs },
  says: `Its run (${startWords(claim, job)}) did not come back: the worker died, and the lease ended at ${timeWords(claim.untilMs, claim.nowMs)}. It waits for a worker to start it again.`,
  todo: `See whether workers of queue ${job.queue} run: \`esteira queues list\`.`,
});

const rival = ({ nowMs }: JobEvidence, claim: Running): Explanation => ({
  ...{ state: 'waiting', waitsFor: 'lease', dueMs: claim.untilMs },
  says: `It waits for job ${claim.jobId}, which has the same idempotency key and runs: the lease of that one ends at ${timeWords(claim.untilMs, nowMs)} unless it is renewed. When that one completes, this one is skipped.`,
  todo: `\`esteira jobs why ${claim.jobId}\`.`,
});

const dies = (claim: Running): Explanation => ({
  ...{ state: 'waiting', waitsFor: 'worker' },
  says: `It is about to die: ${claim.dead ?? ''}. Its dead letter is being written.`,
  todo: 'Ask again in a moment.',
});

const done = (evidence: JobEvidence, claim: ClaimState & { kind: 'done' }): Explanation => {
  const isOwn = claim.origin === (evidence.delivery?.origin ?? '');
  return isOwn
    ? {
        ...{ state: 'completed', waitsFor: 'nothing' },
        says: 'It has completed; its last telemetry event was not found yet.',
        todo: 'Nothing.',
      }
    : {
        ...{ state: 'waiting', waitsFor: 'worker' },
        says: `A job with the same idempotency key has completed (it came from ${claim.origin}), so this one is skipped when its turn comes.`,
        todo: 'Nothing.',
      };
};

/** What the claim says; undefined when nobody holds it. */
export const explainClaim = (evidence: JobEvidence): Explanation | undefined => {
  const { claim, job, jobId } = evidence;
  if (claim === undefined || job === undefined || claim.kind === 'unknown') return undefined;
  if (claim.kind === 'done') return done(evidence, claim);
  if (claim.jobId !== jobId) return claim.untilMs > claim.nowMs ? rival(evidence, claim) : undefined;
  if (claim.dead !== undefined) return dies(claim);
  if (claim.untilMs > claim.nowMs) return runs(evidence, job, claim);
  return lastStep(evidence)?.type === 'job.retried' ? undefined : leaseOver(job, claim);
};
