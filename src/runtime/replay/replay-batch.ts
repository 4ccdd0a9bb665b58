import { type Accepted, replayRecord } from '../../consumers/dead-letters/index.ts';
import { isEsteiraError } from '../../core/errors.ts';
import { formatPosition, type OutgoingRecord } from '../../core/record.ts';
import { BatchDesk, type BatchParts, type BatchRange, type ClosedBatch } from './batch-desk.ts';
import { type Member, membersOf } from './batch-members.ts';
import type { BatchValue } from './control-values.ts';
import { endsOf } from './inbox-scan.ts';
import { type LedgerResult, packResults } from './ledger-results.ts';
import { interrupted } from './replay-parts.ts';

/** A record that is to be written now. */
interface Outgoing {
  readonly member: Member;
  readonly accepted: Accepted;
  readonly record: OutgoingRecord;
}

/**
 * Replays some records of a plan: judge, audit, open the ledger with the ends of the inboxes, write, tell, close the
 * ledger. A batch that was left open is taken up again: what it had written is looked for behind those ends.
 */
export class ReplayBatch {
  readonly #shared: BatchParts;
  readonly #range: BatchRange;
  readonly #open: BatchValue | undefined;
  readonly #desk: BatchDesk;

  /** @param open what the ledger says of it, when an earlier runner had begun it */
  constructor(shared: BatchParts, range: BatchRange, open?: BatchValue) {
    this.#shared = shared;
    this.#range = range;
    this.#open = open;
    this.#desk = new BatchDesk(shared, range);
  }

  /**
   * @throws EsteiraError ESTEIRA_REPLAY_INTERRUPTED (claim lost, or a record not acknowledged), ESTEIRA_AUDIT_UNAVAILABLE
   *   (nothing of the batch was written), ESTEIRA_REPLAY_REFUSED (the job type is gone), ESTEIRA_REGISTRY_UNAVAILABLE,
   *   ESTEIRA_STATE_UNAVAILABLE, ESTEIRA_BROKER_UNAVAILABLE
   */
  async run(): Promise<ClosedBatch> {
    const members = await membersOf(this.#shared, this.#range, this.#open);
    const outgoing = members.flatMap((member) => this.#outgoingOf(member));
    await this.#desk.audit(outgoing.map(({ accepted }) => accepted));
    const opened = await this.#begin(members.length, outgoing);
    const written = await this.#write(outgoing);
    const results = members.map((member) => resultOf(member, written.get(formatPosition(member.at))));
    await this.#desk.tell(members, results);
    const value = { ...opened, results: packResults(results, opened.inboxes) };
    await this.#desk.append(value);
    return { value, results };
  }

  #outgoingOf(member: Member): readonly Outgoing[] {
    const { accepted, record } = member;
    if (accepted === undefined || record === undefined) return [];
    return [{ member, accepted, record: replayRecord(this.#shared.parts.app.name, accepted, record) }];
  }

  /** What writes nothing needs no note beforehand: whoever comes after a crash comes to the same. */
  async #begin(count: number, outgoing: readonly Outgoing[]): Promise<BatchValue> {
    if (outgoing.length === 0 && this.#open === undefined) return this.#desk.entry(count, { inboxes: [] });
    return this.#desk.open(count, { inboxes: await this.#inboxes(outgoing) });
  }

  /** Of an inbox that was noted before, the earlier ends count: copies may stand behind them. */
  async #inboxes(outgoing: readonly Outgoing[]): Promise<BatchValue['inboxes']> {
    const { admin } = this.#shared.parts.backend.broker;
    const inboxes = [...(this.#open?.inboxes ?? [])];
    for (const topic of new Set(outgoing.map(({ record }) => record.topic)))
      if (!inboxes.some((one) => one.topic === topic)) inboxes.push(await endsOf(admin, topic));
    return inboxes;
  }

  /** Writes evenly, at the rate of the run; the claim is asked for before each part. */
  async #write(outgoing: readonly Outgoing[]): Promise<ReadonlyMap<string, LedgerResult>> {
    const { pace } = this.#shared;
    const results = new Map<string, LedgerResult>();
    const sends: Promise<void>[] = [];
    const problems: unknown[] = [];
    for (let at = 0; at < outgoing.length && problems.length === 0; ) {
      const granted = pace.take(outgoing.length - at);
      if (granted === 0) {
        await pace.next();
        continue;
      }
      this.#desk.requireLock();
      for (const one of outgoing.slice(at, at + granted))
        sends.push(this.#writeOne(one, results).catch((error: unknown) => void problems.push(error)));
      at += granted;
    }
    await Promise.all(sends);
    const [problem] = problems;
    if (problem === undefined) return results;
    const { planId } = this.#shared.file;
    throw interrupted(planId, 'a record was not acknowledged, so the replay stopped', problem);
  }

  async #writeOne({ member, record }: Outgoing, results: Map<string, LedgerResult>): Promise<void> {
    const position = formatPosition(member.at);
    try {
      const inbox = await this.#shared.letters.write(record);
      results.set(position, { outcome: member.verdict === 'forced' ? 'forced' : 'replayed', inbox });
    } catch (error) {
      if (!isEsteiraError(error, 'ESTEIRA_RECORD_TOO_LARGE')) throw error;
      results.set(position, { outcome: 'failed' });
    }
  }
}

const resultOf = (
  { verdict, copy, isUncertain }: Member,
  written: LedgerResult | undefined,
): LedgerResult => {
  if (copy !== undefined) return { outcome: copy.isForced ? 'forced' : 'replayed', inbox: copy.at };
  if (verdict === undefined) return { outcome: 'gone' };
  if (verdict === 'replay' || verdict === 'forced')
    return written ?? { outcome: isUncertain ? 'unknown' : 'failed' };
  return { outcome: verdict };
};
