import { LetterWriter } from '../../consumers/dead-letters/index.ts';
import { readLetterLedger } from '../letters/letter-ledger.ts';
import type { BatchParts, BatchRange, ClosedBatch } from './batch-desk.ts';
import { jobsWritten, judgeCanary } from './canary.ts';
import {
  type BatchValue,
  type RunOptionsValue,
  type RunValue,
  subjects,
  WishValue as WishShape,
  type WishValue,
} from './control-values.ts';
import { HeldBatch } from './held-batch.ts';
import { countResults, type LedgerCounts, type LedgerOutcome } from './ledger-results.ts';
import { type PlanFile, readPlanFile } from './plan-file.ts';
import { judgeOf } from './plan-records.ts';
import { ReplayBatch } from './replay-batch.ts';
import { lockTopics, type ReplayLock, takeReplayLock } from './replay-lock.ts';
import { interrupted, policyOf, type ReplayParts, requireReason, requireRole } from './replay-parts.ts';
import { requireRunnable } from './run-guards.ts';
import { firstValue } from './run-value.ts';
import { StartPace } from './start-pace.ts';
import { auditStep } from './step-audit.ts';
import { WorkerIntakes } from './worker-intakes.ts';

/** How far a run is. */
export interface ReplayProgress {
  readonly planId: string;
  readonly total: number;
  /** Positions that the ledger answers for. */
  readonly settled: number;
  /** Those of them that earlier processes had settled. */
  readonly settledBefore: number;
  readonly counts: LedgerCounts;
  readonly elapsedMs: number;
}

export interface RunRequest {
  /** The plan's id, or the beginning of it. */
  readonly planId: string;
  /** Why; goes into the audit, redacted. */
  readonly reason: string;
  /** Goes on with a run that was begun; its options are kept. */
  readonly resume?: boolean;
  /** Default: `DEFAULT_RUN_OPTIONS`. */
  readonly options?: Partial<RunOptionsValue>;
  readonly onProgress?: (progress: ReplayProgress) => void;
  /** Ends the run as a pause does, such as when the process is asked to stop. */
  readonly stop?: AbortSignal;
}

/** How a run ended. */
export interface RunResult extends ReplayProgress {
  readonly state: Exclude<RunValue['state'], 'running'>;
  /** Why it did not go on; null when it finished. */
  readonly why: string | null;
}

/** An end of a run, before it is written. */
interface Ending {
  readonly state: RunResult['state'];
  readonly why?: string;
}

/** Of an event topic many records may be nothing to the job type: a part of the ledger answers for so many at most. */
const WINDOW_REACH = 2_000;

/** One process's part of a run, under its claim. */
class PlanRun {
  readonly #parts: ReplayParts;
  readonly #file: PlanFile;
  readonly #request: RunRequest;
  readonly #lock: ReplayLock;
  readonly #counts: Record<LedgerOutcome, number>;
  readonly #beganAtMs: number;
  readonly #settledBefore: number;
  #value: RunValue;
  #last: BatchValue | undefined;
  #batches: number;
  /** What the ledger says of the canary's records. */
  #canary: readonly BatchValue[];

  constructor(parts: ReplayParts, file: PlanFile, request: RunRequest, lock: ReplayLock, value: RunValue) {
    this.#parts = parts;
    this.#file = file;
    this.#request = request;
    this.#lock = lock;
    this.#value = value;
    this.#beganAtMs = parts.clock.nowMs();
    this.#counts = { ...countResults(file.batches) };
    this.#settledBefore = sum(this.#counts);
    this.#last = file.batches.at(-1);
    this.#batches = file.batches.length;
    this.#canary = value.canary === 'waiting' ? file.batches : [];
  }

  async run(): Promise<RunResult> {
    const ending = await this.#untilEnd();
    if (ending.state === 'finished' || ending.state === 'stopped') await this.#auditEnd(ending);
    await this.#write({ state: ending.state, ...(ending.why === undefined ? {} : { why: ending.why }) });
    return { ...this.#progress(), state: ending.state, why: ending.why ?? null };
  }

  async #untilEnd(): Promise<Ending> {
    const shared = await this.#shared();
    for (let range = this.#next(); range !== undefined; range = this.#next()) {
      const ending = (await this.#unwanted()) ?? (await this.#judgeCanary());
      if (ending !== undefined) return ending;
      const { value, results } = await this.#runBatch(shared, range);
      for (const { outcome } of results) this.#counts[outcome] += 1;
      this.#last = value;
      this.#batches = range.index + 1;
      if (this.#value.canary === 'waiting') this.#canary = [...this.#canary, value];
      this.#request.onProgress?.(this.#progress());
    }
    return { state: 'finished' };
  }

  async #runBatch(shared: BatchParts, range: BatchRange): Promise<ClosedBatch> {
    const open = this.#last?.results === undefined ? this.#last : undefined;
    const chunk = this.#file.chunks[range.chunk];
    const isWhole = chunk?.together === true && range.from === 0;
    if (isWhole && (open === undefined || open.inOrder === true)) {
      const closed = await new HeldBatch(shared, { ...range, to: chunk.count }).run(open);
      if (closed !== undefined) return closed;
    }
    return new ReplayBatch(shared, range, open).run();
  }

  async #shared(): Promise<BatchParts> {
    const parts = this.#parts;
    const { planId } = this.#file;
    const { undecodable, rate } = this.#value.options;
    const { actor, reason } = this.#value;
    const facts = { ns: parts.app.name, identity: parts.service, replayId: planId, actor, reason };
    const { clock } = parts;
    const writer = { ...(await parts.connectWriter()), clock, deadlineMs: policyOf(parts).deadlineMs };
    // Nobody discards or edits a letter of these DLQs while they are claimed.
    const ledger = await readLetterLedger(parts.control);
    return {
      ...{ parts, file: this.#file, lock: this.#lock, pace: new StartPace(rate, clock) },
      ledger,
      judge: judgeOf(parts, this.#file, undecodable, (at) => ledger.refusalOf(at, this.#file)),
      intakes: new WorkerIntakes(parts.app, parts.backend),
      letters: new LetterWriter(writer, facts),
    };
  }

  /** What comes next: the batch that was left open, else what the ledger does not answer for yet. */
  #next(): BatchRange | undefined {
    const last = this.#last;
    const mostWrites = this.#size();
    if (last !== undefined && last.results === undefined)
      return { index: this.#batches - 1, chunk: last.chunk, from: last.from, to: last.to, mostWrites };
    const { chunks, plan } = this.#file;
    let chunk = last?.chunk ?? 0;
    let from = last?.to ?? 0;
    if (from >= (chunks[chunk]?.count ?? 0)) {
      chunk += 1;
      from = 0;
    }
    const count = chunks[chunk]?.count;
    if (count === undefined) return undefined;
    const reach = plan.window === undefined ? mostWrites : WINDOW_REACH;
    return { index: this.#batches, chunk, from, to: Math.min(count, from + reach), mostWrites };
  }

  /** About a second's worth, so that a pause is heard soon and little is looked for after a crash. */
  #size(): number {
    const { rate, canary } = this.#value.options;
    const { batchRecords } = policyOf(this.#parts);
    const aSecond = rate === 0 ? batchRecords : Math.min(batchRecords, Math.max(1, Math.round(rate)));
    const left = canary - this.#written();
    return this.#value.canary === 'waiting' && left > 0 ? Math.min(aSecond, left) : aSecond;
  }

  #written(): number {
    return this.#counts.replayed + this.#counts.forced;
  }

  async #wish(): Promise<WishValue | undefined> {
    const subject = subjects.wish(this.#file.planId);
    const parsed = WishShape.safeParse((await this.#parts.control.read(subject)).get(subject)?.value);
    return parsed.success ? parsed.data : undefined;
  }

  async #unwanted(): Promise<Ending | undefined> {
    if (!this.#lock.holds()) throw interrupted(this.#file.planId, 'the claim of this run was lost');
    const wish = await this.#wish();
    if (wish?.wish === 'cancel')
      return { state: 'cancelled', why: `cancelled by ${wish.actor}: ${wish.reason}` };
    if (wish?.wish === 'pause') return { state: 'paused', why: `paused by ${wish.actor}: ${wish.reason}` };
    if (this.#request.stop?.aborted !== true) return undefined;
    const reason = 'its process was asked to stop';
    await auditStep(this.#parts, 'pause', this.#file, reason);
    return { state: 'paused', why: reason };
  }

  async #judgeCanary(): Promise<Ending | undefined> {
    const { options, canary, telemetryFrom } = this.#value;
    if (canary !== 'waiting' || this.#written() < options.canary || this.#last?.results === undefined)
      return undefined;
    const jobs = await jobsWritten(this.#parts, this.#file, this.#canary);
    const verdict = await judgeCanary(this.#parts, {
      ...{ planId: this.#file.planId, telemetryFrom, options, jobs, lock: this.#lock },
      isUnwanted: async () =>
        this.#request.stop?.aborted === true ||
        ['pause', 'cancel'].includes((await this.#wish())?.wish ?? ''),
    });
    if (verdict === undefined) return this.#unwanted();
    if (!verdict.passed) {
      this.#value = { ...this.#value, canary: 'stopped' };
      return { state: 'stopped', why: verdict.says };
    }
    await this.#write({ canary: 'passed' });
    return undefined;
  }

  async #auditEnd({ state, why }: Ending): Promise<void> {
    const counts = Object.entries(this.#counts).map(([outcome, count]) => [outcome, String(count)]);
    const step = state === 'finished' ? 'finish' : 'stop';
    await auditStep(this.#parts, step, this.#file, why ?? this.#value.reason, Object.fromEntries(counts));
  }

  async #write(change: Partial<RunValue>): Promise<void> {
    if (!this.#lock.holds()) throw interrupted(this.#file.planId, 'the claim of this run was lost');
    this.#value = { ...this.#value, ...change };
    await this.#parts.control.append([{ subject: subjects.run(this.#file.planId), value: this.#value }]);
  }

  #progress(): ReplayProgress {
    const { planId, plan } = this.#file;
    const counts = { ...this.#counts };
    return {
      ...{ planId, total: plan.total, settled: sum(counts), settledBefore: this.#settledBefore, counts },
      elapsedMs: this.#parts.clock.nowMs() - this.#beganAtMs,
    };
  }
}

const sum = (counts: LedgerCounts): number => Object.values(counts).reduce((all, count) => all + count, 0);

/**
 * Runs a plan, or goes on with its run: claims its job types, audits, and replays batch by batch until it is finished, paused,
 * cancelled or stopped by its canary. Whatever ends the process in between, the ledger says what was done, and a resumed
 * run neither skips nor repeats a record.
 *
 * @throws EsteiraError ESTEIRA_USAGE (no such plan), ESTEIRA_OPERATOR_REFUSED (no right), ESTEIRA_REPLAY_REFUSED (no approval, another run, a plan that
 *   has ended), ESTEIRA_AUDIT_UNAVAILABLE, ESTEIRA_REPLAY_INTERRUPTED, ESTEIRA_REGISTRY_UNAVAILABLE,
 *   ESTEIRA_STATE_UNAVAILABLE, ESTEIRA_BROKER_UNAVAILABLE
 */
export const runReplay = async (parts: ReplayParts, request: RunRequest): Promise<RunResult> => {
  const { resume = false } = request;
  requireRole(parts, 'operator', resume ? 'resume a replay' : 'run a replay');
  const reason = requireReason(request.reason);
  const { planId, plan } = await readPlanFile(parts.control, request.planId);
  const lock = await takeReplayLock(parts, planId, lockTopics(parts, plan));
  try {
    // Read under the claim: what another runner did until it lost its own stands on the topic now.
    const file = await readPlanFile(parts.control, planId);
    requireRunnable(parts, file, resume);
    const signature = await auditStep(parts, resume ? 'resume' : 'run', file, reason, {
      records: String(plan.total),
      ...(file.run?.canary === 'stopped' ? { overruled: 'canary' } : {}),
    });
    const value = await firstValue(parts, file, signature, lock.runner, request.options);
    await parts.control.append([
      ...(resume
        ? [{ subject: subjects.wish(planId), value: { ...signature, kind: 'replay.wish', wish: 'go' } }]
        : []),
      { subject: subjects.run(planId), value },
    ]);
    const result = await new PlanRun(parts, file, request, lock, value).run();
    await lock.release();
    return result;
  } catch (error) {
    // Where the claim cannot be taken away it ends by itself; what went wrong before is what counts.
    await lock.release().catch(() => undefined);
    throw error;
  }
};
