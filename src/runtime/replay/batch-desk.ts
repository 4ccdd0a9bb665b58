import type { Accepted, LetterWriter } from '../../consumers/dead-letters/index.ts';
import { EsteiraError } from '../../core/errors.ts';
import type { LetterLedger } from '../letters/letter-ledger.ts';
import { type BatchValue, subjects } from './control-values.ts';
import type { Judged, RecordJudge } from './judged.ts';
import { isWritten, type LedgerResult } from './ledger-results.ts';
import type { PlanFile } from './plan-file.ts';
import type { ReplayLock } from './replay-lock.ts';
import { interrupted, type ReplayParts } from './replay-parts.ts';
import type { StartPace } from './start-pace.ts';
import type { WorkerIntakes } from './worker-intakes.ts';

/** What the batches of a run share. */
export interface BatchParts {
  readonly parts: ReplayParts;
  readonly file: PlanFile;
  readonly judge: RecordJudge;
  readonly intakes: WorkerIntakes;
  readonly letters: LetterWriter;
  /** What became of dead letters before the run began. */
  readonly ledger: LetterLedger;
  readonly lock: ReplayLock;
  readonly pace: StartPace;
}

/** Which positions of a plan a batch is about. */
export interface BatchRange {
  /** Index of the batch in the ledger. */
  readonly index: number;
  readonly chunk: number;
  readonly from: number;
  /** At most up to here; the batch ends earlier where its records would be too many bytes. */
  readonly to: number;
  /** The most records that it may write: what is left out on the way counts for little. */
  readonly mostWrites: number;
}

/** A batch that is in the ledger. */
export interface ClosedBatch {
  readonly value: BatchValue;
  readonly results: readonly LedgerResult[];
}

/** What every batch does around its writing: audits before it, telling after it, the ledger before and after. */
export class BatchDesk {
  readonly #shared: BatchParts;
  readonly #range: BatchRange;

  constructor(shared: BatchParts, range: BatchRange) {
    this.#shared = shared;
    this.#range = range;
  }

  /** @throws EsteiraError ESTEIRA_REPLAY_INTERRUPTED when somebody else may write by now */
  requireLock(): void {
    const { lock, file } = this.#shared;
    if (!lock.holds()) throw interrupted(file.planId, 'the claim of this run was lost');
  }

  /** @throws EsteiraError ESTEIRA_AUDIT_UNAVAILABLE: none of these may be written */
  async audit(letters: readonly Accepted[]): Promise<void> {
    this.requireLock();
    const { planId } = this.#shared.file;
    try {
      await Promise.all(letters.map((accepted) => this.#shared.letters.audit(accepted)));
    } catch (cause) {
      throw new EsteiraError(
        'ESTEIRA_AUDIT_UNAVAILABLE',
        `the audit could not be written, so the replay stopped before its next records; \`esteira replay resume ${planId}\` goes on when the audit topic can be written`,
        { facts: { planId }, cause },
      );
    }
  }

  /** Says in the ledger that the first `count` positions of the range may be on these topics from now on. */
  async open(
    count: number,
    more: Pick<BatchValue, 'inboxes'> & Partial<Pick<BatchValue, 'inOrder'>>,
  ): Promise<BatchValue> {
    const value = this.entry(count, more);
    await this.append(value);
    return value;
  }

  /** What the ledger says of the first `count` positions of the range, before it is written. */
  entry(count: number, more: Pick<BatchValue, 'inboxes'> & Partial<Pick<BatchValue, 'inOrder'>>): BatchValue {
    const { parts, lock } = this.#shared;
    const { chunk, from } = this.#range;
    return {
      ...{ v: 1, kind: 'replay.batch', atMs: parts.clock.nowMs(), fence: String(lock.fence) },
      ...{ chunk, from, to: from + count, ...more },
    };
  }

  async append(value: BatchValue): Promise<void> {
    this.requireLock();
    const subject = subjects.batch(this.#shared.file.planId, this.#range.index);
    await this.#shared.parts.control.append([{ subject, value }]);
  }

  /** Telling again what an earlier runner had told does no harm: the events have the same ids. */
  async tell(
    judged: readonly (Pick<Judged, 'accepted'> | undefined)[],
    results: readonly LedgerResult[],
  ): Promise<void> {
    const { letters } = this.#shared;
    await Promise.all(
      judged.map(async (one, index) => {
        if (one?.accepted === undefined) return;
        const { outcome } = results[index] ?? { outcome: 'unknown' };
        if (isWritten(outcome)) await letters.tellReplayed(one.accepted);
        if (outcome === 'done') await letters.tellSkipped(one.accepted);
      }),
    );
  }
}
