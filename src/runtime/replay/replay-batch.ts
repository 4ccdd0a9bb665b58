import {
  type Accepted,
  jobOfDeadLetterTopic,
  readFirst,
  replayRecord,
} from '../../consumers/dead-letters/index.ts';
import { isEsteiraError } from '../../core/errors.ts';
import {
  type ConsumedRecord,
  formatPosition,
  type OutgoingRecord,
  type RecordPosition,
} from '../../core/record.ts';
import { BatchDesk, type BatchParts, type BatchRange, type ClosedBatch } from './batch-desk.ts';
import type { BatchValue } from './control-values.ts';
import { endsOf, type FoundCopies, findReplayed } from './inbox-scan.ts';
import type { Judged } from './judge-letters.ts';
import { type LedgerResult, packResults } from './ledger-results.ts';
import { positionsOf } from './plan-file.ts';
import { interrupted } from './replay-parts.ts';

/** A letter of a batch; without a record where its topic does not hold it any more. */
interface Member {
  readonly at: RecordPosition;
  readonly judged: Judged | undefined;
  /** Where its copy stands, when an earlier runner had written it. */
  readonly copy: RecordPosition | undefined;
  readonly isUncertain: boolean;
}

/** A letter that is to be written now. */
interface Outgoing {
  readonly member: Member;
  readonly accepted: Accepted;
  readonly record: OutgoingRecord;
}

const NOTHING_FOUND: FoundCopies = { copies: new Map(), isUncertain: false };

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
   *   (nothing of the batch was written), ESTEIRA_REGISTRY_UNAVAILABLE, ESTEIRA_STATE_UNAVAILABLE, ESTEIRA_BROKER_UNAVAILABLE
   */
  async run(): Promise<ClosedBatch> {
    const members = await this.#members();
    const outgoing = members.flatMap((member) => this.#outgoingOf(member));
    await this.#desk.audit(outgoing.map(({ accepted }) => accepted));
    const opened = await this.#desk.open(members.length, { inboxes: await this.#inboxes(outgoing) });
    const written = await this.#write(outgoing);
    const results = members.map((member) => resultOf(member, written.get(formatPosition(member.at))));
    await this.#desk.tell(
      members.map(({ judged }) => judged),
      results,
    );
    const value = { ...opened, results: packResults(results, opened.inboxes) };
    await this.#desk.append(value);
    return { value, results };
  }

  async #members(): Promise<readonly Member[]> {
    const { file, parts, judge } = this.#shared;
    const { chunk, from, to } = this.#range;
    const positions = positionsOf(file, chunk).slice(from, to);
    const [first] = positions;
    const job = first === undefined ? undefined : jobOfDeadLetterTopic(parts.app, first.topic);
    if (first === undefined || job === undefined)
      return positions.map((at) => ({ at, judged: undefined, copy: undefined, isUncertain: false }));
    const { records, taken } = await this.#read(positions);
    const found = await this.#found(positions.slice(0, taken));
    const judged = await judge.judge(job, records);
    const byOffset = new Map(judged.map((one) => [one.record.offset, one]));
    return positions.slice(0, taken).map((at) => ({
      at,
      judged: byOffset.get(at.offset),
      copy: found.copies.get(formatPosition(at)),
      isUncertain: found.isUncertain,
    }));
  }

  /** A batch that was begun has to be taken up as it was, however large its records are. */
  async #read(
    positions: readonly RecordPosition[],
  ): Promise<{ readonly records: readonly ConsumedRecord[]; readonly taken: number }> {
    const { admin } = this.#shared.parts.backend.broker;
    const [first] = positions;
    const records: ConsumedRecord[] = [];
    let taken = 0;
    do {
      const at = first ?? { topic: '', partition: 0 };
      const offsets = positions.slice(taken).map(({ offset }) => offset);
      const part = await readFirst(admin, { topic: at.topic, partition: at.partition }, offsets);
      records.push(...part.records);
      taken += part.taken;
    } while (this.#open !== undefined && taken < positions.length);
    return { records, taken };
  }

  async #found(positions: readonly RecordPosition[]): Promise<FoundCopies> {
    if (this.#open === undefined) return NOTHING_FOUND;
    const { file, parts } = this.#shared;
    const wanted = new Set(positions.map(formatPosition));
    return findReplayed(parts.backend.broker.admin, file.planId, this.#open, wanted);
  }

  #outgoingOf(member: Member): readonly Outgoing[] {
    const { judged, copy, isUncertain } = member;
    if (judged?.verdict !== 'replay' || judged.accepted === undefined) return [];
    if (copy !== undefined || isUncertain) return [];
    const record = replayRecord(this.#shared.parts.app.name, judged.accepted, judged.record);
    return [{ member, accepted: judged.accepted, record }];
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
      results.set(position, { outcome: 'replayed', inbox: await this.#shared.letters.write(record) });
    } catch (error) {
      if (!isEsteiraError(error, 'ESTEIRA_RECORD_TOO_LARGE')) throw error;
      results.set(position, { outcome: 'failed' });
    }
  }
}

const resultOf = ({ judged, copy, isUncertain }: Member, written: LedgerResult | undefined): LedgerResult => {
  if (copy !== undefined) return { outcome: 'replayed', inbox: copy };
  if (judged === undefined) return { outcome: 'gone' };
  if (judged.verdict !== 'replay') return { outcome: judged.verdict };
  return written ?? { outcome: isUncertain ? 'unknown' : 'failed' };
};
