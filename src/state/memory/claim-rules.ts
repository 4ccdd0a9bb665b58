import type { DeadReason } from '../../core/outcome.ts';
import type { ClaimAnswer, ClaimId, ClaimRequest, RenewRequest } from '../../core/ports/state.ts';
import { CLAIM_GRACE_MS, wholeMs } from '../durations.ts';
import type { Done, JobRecord, KeyRecord, Running } from './state-records.ts';
import type { StateTable } from './state-table.ts';

// The same rules as src/state/redis/claim-script.ts, in the same order; docs/adr/0004 says why they are these.

/** Who may run, by what is known of the idempotency key and of the job. */
export const claim = (table: StateTable, request: ClaimRequest): ClaimAnswer => {
  const key = table.key(request);
  if (key?.kind === 'done') return doneAnswer(key);
  const own = key?.jobId === request.jobId ? key : undefined;
  if (own !== undefined && own.hop > request.hop) return { kind: 'superseded', origin: own.origin };
  const decided = decidedBefore(table.job(request), request);
  if (decided !== undefined) return decided;
  if (key?.kind === 'running') {
    if (key === own && key.run === request.run) return sameRun(table, request, key);
    if (key.untilMs > table.nowMs()) {
      return { kind: 'running', untilMs: key.untilMs, nowMs: table.nowMs() };
    }
  }
  return take(table, request, own);
};

/** Extends the lease of a claim that is still ours; a late repeat never shortens it. */
export const renew = (table: StateTable, request: RenewRequest): 'renewed' | 'gone' => {
  const key = table.key(request);
  if (key?.kind !== 'running' || key.fence !== request.fence) return 'gone';
  extend(table, request, key);
  return 'renewed';
};

/** Gives a claim back unused; starts counted before it (by runs that crashed) stay counted. */
export const release = (table: StateTable, request: RenewRequest): void => {
  const key = table.key(request);
  if (key?.kind !== 'running' || key.fence !== request.fence) return;
  const starts = key.dead === undefined ? key.starts - 1 : key.starts;
  const { jobId, hop, origin } = key;
  table.setKey(request, { kind: 'free', jobId, hop, starts, origin }, CLAIM_GRACE_MS);
};

const doneAnswer = (done: Done): ClaimAnswer => ({
  kind: 'done',
  fence: done.fence,
  origin: done.origin,
  ...(done.event === undefined ? {} : { event: done.event }),
});

/** What an earlier decision says to a copy; undefined when nothing stands against it. */
export const decidedBefore = (
  job: JobRecord | undefined,
  { hop, position }: Pick<ClaimRequest, 'hop' | 'position'>,
): Extract<ClaimAnswer, { kind: 'decided' | 'superseded' }> | undefined => {
  if (job === undefined || hop > job.hop) return undefined;
  const { decision, origin } = job;
  return hop < job.hop || position !== job.position || decision === undefined
    ? { kind: 'superseded', origin }
    : { kind: 'decided', decision };
};

/** The first answer was lost on its way: the run gets it again, with a whole lease. */
const sameRun = (table: StateTable, request: ClaimRequest, key: Running): ClaimAnswer => {
  extend(table, request, key);
  return claimedAnswer(key);
};

/** A claim by its key, and the lease it shall have. */
type Extended = Omit<RenewRequest, 'fence'>;

/** A whole lease from now; never a shorter one than it has. */
export const extend = (table: StateTable, request: Extended, key: Running): void => {
  const leaseMs = wholeMs(request.leaseMs);
  const untilMs = Math.max(key.untilMs, table.nowMs() + leaseMs);
  table.setKey(request, { ...key, untilMs }, untilMs - table.nowMs() + CLAIM_GRACE_MS);
};

const claimedAnswer = ({ fence, attempt, starts, dead }: Running): ClaimAnswer =>
  dead === undefined
    ? { kind: 'run', fence, attempt, starts }
    : { kind: 'dead', reason: dead, fence, attempt, starts };

const take = (
  table: StateTable,
  request: ClaimRequest,
  own: Exclude<KeyRecord, Done> | undefined,
): ClaimAnswer => {
  const { attempt } = request;
  const starts = Math.max(request.starts, own?.starts ?? 0);
  return claimedAnswer(give(table, request, { starts, attempt }, exhausted(request, starts, attempt)));
};

/** Gives a claim, for a run or for writing a dead letter; `starts` are those before it. */
export const give = (
  table: StateTable,
  request: ClaimId & Pick<ClaimRequest, 'jobId' | 'hop' | 'origin' | 'run' | 'leaseMs'>,
  { starts, attempt }: { readonly starts: number; readonly attempt: number },
  dead: DeadReason | undefined,
): Running => {
  const leaseMs = wholeMs(request.leaseMs);
  const { run, jobId, hop, origin } = request;
  const given: Running = {
    ...{ kind: 'running', fence: table.nextFence(), untilMs: table.nowMs() + leaseMs },
    ...{ run, jobId, hop, attempt, origin },
    starts: dead === undefined ? starts + 1 : starts,
    ...(dead === undefined ? {} : { dead }),
  };
  table.setKey(request, given, leaseMs + CLAIM_GRACE_MS);
  return given;
};

/** The most that a record may spend. */
type Counts = Pick<ClaimRequest, 'maxStarts' | 'maxAttempts'>;

/** A dead claim is no start: nothing runs under it, so it is not counted as one. */
export const exhausted = (request: Counts, starts: number, attempt: number): DeadReason | undefined => {
  if (starts >= request.maxStarts) return 'starts_exhausted';
  return attempt > request.maxAttempts ? 'attempts_exhausted' : undefined;
};
