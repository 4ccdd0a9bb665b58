import {
  type Accepted,
  deadLetterRanges,
  jobOfDeadLetterTopic,
  readFirst,
  toDeadLetter,
} from '../../consumers/dead-letters/index.ts';
import { placeOfLetter, replayCopy } from '../../consumers/ordered/replay-copy.ts';
import type { JobDefinition } from '../../core/job.ts';
import { names } from '../../core/names.ts';
import type { ReplayTurn } from '../../core/order/replay-turn.ts';
import type { SequenceId } from '../../core/ports/order-state.ts';
import {
  type ConsumedRecord,
  copyRecord,
  formatPosition,
  partitionKey,
  type RecordPosition,
} from '../../core/record.ts';
import { discardedBySequence, sequenceName } from '../letters/held-keys.ts';
import { replayInOrder } from '../replay-order.ts';
import { BatchDesk, type BatchParts, type BatchRange, type ClosedBatch } from './batch-desk.ts';
import type { BatchValue } from './control-values.ts';
import { endsOf } from './inbox-scan.ts';
import type { Judged } from './judged.ts';
import { type LedgerOutcome, type LedgerResult, packResults } from './ledger-results.ts';
import { positionsOf } from './plan-file.ts';

/** A letter of a key, with its place in the key's order. */
interface PlacedLetter {
  readonly judged: Judged & { readonly accepted: Accepted };
  readonly place: RecordPosition;
}

/** The letters of one ordering key, all of one sequence. */
interface KeyLetters {
  readonly job: JobDefinition<unknown>;
  readonly id: SequenceId;
  readonly letters: readonly PlacedLetter[];
}

const byPlace = (a: PlacedLetter, b: PlacedLetter): number => Number(a.place.offset - b.place.offset);

const isReplay = (judged: Judged): judged is Judged & { readonly accepted: Accepted } =>
  judged.verdict === 'replay' && judged.accepted !== undefined;

/**
 * Replays the dead letters of one held key, in the order of their places and behind each other, on the waiting topic.
 * What died behind them after the plan was made belongs to the key and goes with them, audited one by one. A batch that
 * was left open is taken up by the same name, which the order machine knows: no copy is looked for.
 */
export class HeldBatch {
  readonly #shared: BatchParts;
  readonly #range: BatchRange;
  readonly #desk: BatchDesk;
  readonly #copies = new Map<string, RecordPosition>();
  /** Letters that are in no plan. */
  #more: readonly PlacedLetter[] = [];

  constructor(shared: BatchParts, range: BatchRange) {
    this.#shared = shared;
    this.#range = range;
    this.#desk = new BatchDesk(shared, range);
  }

  /**
   * Undefined when nothing holds the key and no replay of this plan has begun: its letters go as all others.
   *
   * @throws EsteiraError as `ReplayBatch.run`
   */
  async run(open: BatchValue | undefined): Promise<ClosedBatch | undefined> {
    const positions = positionsOf(this.#shared.file, this.#range.chunk);
    const judged = await this.#judge(positions);
    const found = [...judged.values()];
    const key = await this.#keyOf(found.filter(isReplay));
    if (key === undefined && open === undefined && found.some(isReplay)) return undefined;
    if (key !== undefined && open === undefined && !(await this.#isHeld(key.id))) return undefined;
    const accepted = key?.letters.map((letter) => letter.judged.accepted) ?? [];
    await this.#desk.audit(accepted);
    const inboxes = key === undefined ? [] : [await this.#waitingEnds(key.job)];
    const opened = await this.#desk.open(positions.length, { inboxes, inOrder: true });
    const outcome = key === undefined ? 'held' : await this.#replay(key, found);
    const results = positions.map((at) => this.#resultOf(at, judged.get(formatPosition(at)), outcome));
    await this.#desk.tell(
      positions.map((at) => judged.get(formatPosition(at))),
      results,
    );
    if (outcome === 'replayed')
      await Promise.all(
        this.#more.map(({ judged: { accepted: one } }) => this.#shared.letters.tellReplayed(one)),
      );
    const value = { ...opened, results: packResults(results, inboxes) };
    await this.#desk.append(value);
    return { value, results };
  }

  async #judge(positions: readonly RecordPosition[]): Promise<ReadonlyMap<string, Judged>> {
    const { parts, judge } = this.#shared;
    const [first] = positions;
    const job = first === undefined ? undefined : jobOfDeadLetterTopic(parts.app, first.topic);
    const judged = new Map<string, Judged>();
    if (first === undefined || job === undefined) return judged;
    const at = { topic: first.topic, partition: first.partition };
    let offsets = positions.map(({ offset }) => offset);
    while (offsets.length > 0) {
      const { records, taken } = await readFirst(parts.backend.broker.admin, at, offsets);
      for (const one of await judge.judge(job, records)) judged.set(formatPosition(one.record), one);
      offsets = offsets.slice(taken);
    }
    return judged;
  }

  /** The sequence of these letters; undefined when there are none, or nobody can say where they belong. */
  async #keyOf(
    found: readonly (Judged & { readonly accepted: Accepted })[],
  ): Promise<KeyLetters | undefined> {
    const { app } = this.#shared.parts;
    const [first] = found;
    if (first === undefined) return undefined;
    const { job } = first.accepted.letter;
    const letters = found.flatMap((judged) => {
      const headers = judged.accepted.letter.envelope.job;
      const place = headers === undefined ? undefined : placeOfLetter({ app, job }, headers);
      return place === undefined ? [] : [{ judged, place }];
    });
    const [head] = letters;
    const delivery = await this.#shared.intakes.onInbox(job, first.record);
    if (head === undefined || letters.length < found.length || delivery?.order === undefined)
      return undefined;
    const { orderKey } = delivery.order;
    const id = { jobType: job.type, tenant: delivery.tenant, partition: partitionKey(head.place), orderKey };
    return { job, id, letters: letters.toSorted(byPlace) };
  }

  async #isHeld(id: SequenceId): Promise<boolean> {
    const [state] = await this.#shared.parts.backend.state.order.inspect([id]);
    return state?.held !== undefined;
  }

  #waitingEnds(job: JobDefinition<unknown>): Promise<BatchValue['inboxes'][number]> {
    const { app, backend } = this.#shared.parts;
    return endsOf(backend.broker.admin, names.waiting(app.name, job.type));
  }

  async #replay(key: KeyLetters, found: readonly Judged[]): Promise<LedgerOutcome> {
    const { parts, file, ledger } = this.#shared;
    const { clock, backend } = parts;
    // The plan does not know the letter that stands in its place: without it the key has no order.
    if (found.some(({ record }) => ledger.editOf(formatPosition(record))?.state === 'done')) return 'held';
    const discarded = await discardedBySequence(parts, ledger, key.job);
    const outcome = await replayInOrder(
      { order: backend.state.order, clock },
      {
        ...{ id: key.id, by: file.planId, ttlMs: key.job.doneTtlMs, letters: key.letters },
        mayMiss: this.#leftOut(found) + (discarded.get(sequenceName(key.id)) ?? 0),
        findMore: (letters) => this.#findMore(key, letters),
        write: (letter, turn) => this.#write(key.job, letter, turn),
      },
    );
    if (outcome.kind === 'begun' || outcome.kind === 'ended') return 'replayed';
    return outcome.kind === 'not_held' ? 'unknown' : 'held';
  }

  /**
   * How many letters of the plan are left out on purpose that the hold still counts: shelved, expired, not to be decoded,
   * or refused for what they say themselves. Not those that are done, which it does not count any more, nor discarded ones.
   */
  #leftOut(found: readonly Judged[]): number {
    const { ledger } = this.#shared;
    return found.filter(
      (judged) =>
        !isReplay(judged) && judged.verdict !== 'done' && ledger.refusalOf(judged.record) === undefined,
    ).length;
  }

  async #write(job: JobDefinition<unknown>, letter: PlacedLetter, turn: ReplayTurn): Promise<void> {
    const { parts, pace, letters } = this.#shared;
    while (pace.take(1) === 0) await pace.next();
    this.#desk.requireLock();
    const { accepted, record } = letter.judged;
    const copy = replayCopy({ app: parts.app, job }, record, accepted.headers, { place: letter.place, turn });
    this.#copies.set(formatPosition(record), await letters.write(copy));
  }

  /** What died behind these since the plan was made; audited here, since it is in no plan. */
  async #findMore(key: KeyLetters, before: readonly PlacedLetter[]): Promise<readonly PlacedLetter[]> {
    const { parts, judge, intakes } = this.#shared;
    const known = new Set(before.map(({ judged }) => formatPosition(judged.record)));
    const records: ConsumedRecord[] = [];
    for (const range of await this.#behindPlan(key.job))
      await parts.backend.broker.admin.read(range, (record) => {
        const { envelope } = toDeadLetter(key.job, record);
        const place = placeOfLetter({ app: parts.app, job: key.job }, envelope.job ?? {});
        const isOfKey = place !== undefined && partitionKey(place) === key.id.partition;
        if (isOfKey && envelope.job?.deadReason === 'behind_dead_letter') records.push(copyRecord(record));
        return true;
      });
    const more: PlacedLetter[] = [];
    for (const record of records) {
      const delivery = await intakes.onInbox(key.job, record);
      const isOfKey = delivery?.tenant === key.id.tenant && delivery.order?.orderKey === key.id.orderKey;
      if (!isOfKey || known.has(formatPosition(record))) continue;
      const found = (await judge.judge(key.job, [record])).filter(isReplay);
      const { letters } = (await this.#keyOf(found)) ?? { letters: [] };
      more.push(...letters);
    }
    await this.#desk.audit(more.map(({ judged }) => judged.accepted));
    this.#more = [...this.#more, ...more];
    return [...before, ...more.toSorted(byPlace)];
  }

  /** What stands on the DLQ behind where it ended for the plan. */
  async #behindPlan(job: JobDefinition<unknown>) {
    const { parts, file } = this.#shared;
    const { app, backend } = parts;
    const topic = names.deadLetters(app.name, job.type);
    const ends = new Map(file.plan.topics.find((one) => one.topic === topic)?.ends);
    return (await deadLetterRanges(app, backend.broker.admin, [job], {}))
      .map(({ partition, low, high }) => ({
        topic,
        partition,
        from: BigInt(ends.get(partition) ?? low),
        to: high,
      }))
      .filter(({ from, to }) => from < to);
  }

  #resultOf(at: RecordPosition, judged: Judged | undefined, outcome: LedgerOutcome): LedgerResult {
    if (judged === undefined) return { outcome: 'gone' };
    if (judged.verdict !== 'replay') return { outcome: judged.verdict };
    const inbox = outcome === 'replayed' ? this.#copies.get(formatPosition(at)) : undefined;
    return { outcome, ...(inbox === undefined ? {} : { inbox }) };
  }
}
