import type { DeadLetter, LetterState } from '../../consumers/dead-letters/index.ts';
import {
  formatPosition,
  parsePosition,
  partitionKey,
  type RecordPosition,
  type TopicPartition,
} from '../../core/record.ts';
import type { ControlEntry, ControlLog } from '../control/control-log.ts';
import { subjects } from '../replay/control-values.ts';
import { type LedgerOutcome, type LedgerResult, unpackResults } from '../replay/ledger-results.ts';
import { unpackOffsets } from '../replay/offset-runs.ts';
import { type PlanFile, planFileOf, positionsOf } from '../replay/plan-file.ts';
import { DEFAULT_REPLAY_POLICY } from '../replay/replay-parts.ts';
import { DeedPositions, DeedValue, EditValue, letterSubjects } from './letter-values.ts';

/** A deed with the letters it is about. */
export interface DeedFile {
  readonly deedId: string;
  readonly deed: DeedValue;
  readonly chunks: readonly DeedPositions[];
}

/** Something that was done about one dead letter. */
export interface LetterFact {
  readonly what: 'discarded' | 'restored' | 'edited' | 'made by an edit' | LedgerOutcome;
  /** ISO 8601. */
  readonly at: string;
  readonly by: string;
  readonly because: string;
  /** Who asked, where a second person did it. */
  readonly askedBy: string | null;
  /** The plan of a replay, or the id of a deed; null for an edit. */
  readonly id: string | null;
  /** Where the copy stands, or the letter that took its place, or the one whose place it took. */
  readonly position: string | null;
}

/** What became of the letters of one partition, by offset. */
type Fates = Map<bigint, LetterState>;

const STATE_OF: Partial<Record<LedgerOutcome, LetterState>> = {
  replayed: 'replayed',
  done: 'done',
  shelved: 'shelved',
};

const iso = (ms: number): string => new Date(ms).toISOString();

/** A replay, and when it wrote a part of its letters, epoch ms. */
interface WentBack {
  readonly planId: string;
  readonly atMs: number;
}

/** What became of dead letters, as the control topic says: replays, discards and edits. */
export class LetterLedger {
  readonly #fates = new Map<string, Fates>();
  /** By which replay a letter went back last, by partition and offset. */
  readonly #wentBack = new Map<string, Map<bigint, WentBack>>();
  /** Offsets by partition. */
  readonly #discarded = new Map<string, Set<bigint>>();
  readonly #plans: readonly PlanFile[];
  readonly #deeds: readonly DeedFile[];
  readonly #edits: ReadonlyMap<string, EditValue>;

  /** @param deeds in the order they were done */
  constructor(plans: readonly PlanFile[], deeds: readonly DeedFile[], edits: readonly EditValue[]) {
    this.#plans = plans;
    this.#deeds = deeds;
    this.#edits = new Map(edits.map((edit) => [edit.of, edit]));
    for (const plan of plans) this.#takePlan(plan);
    for (const edit of edits) this.#takeEdit(edit);
    for (const file of deeds) if (file.deed.state === 'done') this.#takeDeed(file);
  }

  /** What became of a letter. */
  stateOf({ at, envelope }: Pick<DeadLetter, 'at' | 'envelope'>): LetterState {
    const known = this.#fateOf(at);
    if (known !== undefined) return known;
    const { replayCount = 0, deadReason } = envelope.job ?? {};
    const isOver = replayCount >= DEFAULT_REPLAY_POLICY.maxReplays || deadReason === 'replay_limit';
    return isOver ? 'shelved' : 'open';
  }

  /**
   * Why a letter must not be replayed, beyond what it says itself; undefined when nothing is against it. Since `plan` was
   * made another may have replayed it: what its job came to then is another letter, and this one says nothing any more.
   */
  refusalOf(at: RecordPosition, plan?: Pick<PlanFile, 'planId' | 'plan'>): string | undefined {
    const last = this.#wentBack.get(partitionKey(at))?.get(at.offset);
    if (
      plan !== undefined &&
      last !== undefined &&
      last.planId !== plan.planId &&
      last.atMs >= plan.plan.atMs
    )
      return `replay ${last.planId} has replayed it since this plan was made`;
    const state = this.#fateOf(at);
    if (state === 'discarded') return 'it was discarded';
    return state === 'edited' ? 'it was edited: the letter that took its place is replayed' : undefined;
  }

  /** How many letters of a partition, from an offset on, are open no more: replayed, done, edited or discarded. */
  goneFrom(at: TopicPartition, low: bigint): number {
    const key = partitionKey(at);
    const discarded = this.#discarded.get(key) ?? new Set<bigint>();
    const gone = [...(this.#fates.get(key) ?? [])].filter(
      ([offset, state]) => state !== 'shelved' && !discarded.has(offset),
    );
    return [...gone.map(([offset]) => offset), ...discarded].filter((offset) => offset >= low).length;
  }

  /** The edit of a letter, if there is one. */
  editOf(position: string): EditValue | undefined {
    return this.#edits.get(position);
  }

  /** The replays that a letter was chosen for, the first first. */
  plansWith(at: RecordPosition): readonly PlanFile[] {
    return this.#plans.filter((file) =>
      file.chunks.some((_, chunk) =>
        positionsOf(file, chunk).some((one) => formatPosition(one) === formatPosition(at)),
      ),
    );
  }

  /** The discards that wait for a second person, the oldest first. */
  asked(): readonly DeedFile[] {
    return this.#deeds.filter(({ deed }) => deed.state === 'asked');
  }

  /** Where the discarded letters of a topic stand. */
  discardedOn(topic: string): readonly RecordPosition[] {
    const found: RecordPosition[] = [];
    for (const [key, offsets] of this.#discarded) {
      const at = parsePosition(`${key}/0`);
      if (at?.topic === topic) for (const offset of offsets) found.push({ ...at, offset });
    }
    return found;
  }

  /** Everything that was done about one letter, the oldest first. */
  historyOf(at: RecordPosition): readonly LetterFact[] {
    const facts = [
      ...this.#plans.flatMap((file) => this.#replayFacts(file, at)),
      ...this.#deeds.flatMap((file) => this.#deedFacts(file, at)),
      ...this.#editFacts(formatPosition(at)),
    ];
    return facts.sort((a, b) => (a.at < b.at ? -1 : Number(a.at > b.at)));
  }

  #replayFacts(file: PlanFile, at: RecordPosition): readonly LetterFact[] {
    const { planId, plan, run } = file;
    const results = resultsOf(file).filter(([position]) => formatPosition(position) === formatPosition(at));
    return results.map(([, { outcome, inbox }, atMs]) => ({
      ...{ what: outcome, at: iso(atMs), by: run?.actor ?? plan.actor, because: run?.reason ?? plan.reason },
      ...{ askedBy: null, id: planId, position: inbox === undefined ? null : formatPosition(inbox) },
    }));
  }

  #deedFacts({ deedId, deed, chunks }: DeedFile, at: RecordPosition): readonly LetterFact[] {
    const isMeant = chunks.some(
      ({ topic, partition, offsets }) =>
        topic === at.topic && partition === at.partition && unpackOffsets(offsets).includes(at.offset),
    );
    if (!isMeant || deed.state !== 'done') return [];
    return [
      {
        what: deed.deed === 'discard' ? 'discarded' : 'restored',
        ...{ at: iso(deed.atMs), by: deed.actor, because: deed.reason, askedBy: deed.askedBy ?? null },
        ...{ id: deedId, position: null },
      },
    ];
  }

  #editFacts(position: string): readonly LetterFact[] {
    const facts: LetterFact[] = [];
    for (const { of, at = null, atMs, actor, reason } of this.#edits.values()) {
      const signed = { at: iso(atMs), by: actor, because: reason, askedBy: null, id: null };
      if (of === position) facts.push({ what: 'edited', ...signed, position: at });
      else if (at === position) facts.push({ what: 'made by an edit', ...signed, position: of });
    }
    return facts;
  }

  #fatesOf(at: { readonly topic: string; readonly partition: number }): Fates {
    const known = this.#fates.get(partitionKey(at)) ?? new Map<bigint, LetterState>();
    this.#fates.set(partitionKey(at), known);
    return known;
  }

  #takePlan(file: PlanFile): void {
    for (const [at, { outcome }, atMs] of resultsOf(file)) {
      const state = STATE_OF[outcome];
      if (state !== undefined) this.#fatesOf(at).set(at.offset, state);
      if (outcome === 'replayed') this.#takeWentBack(at, { planId: file.planId, atMs });
    }
  }

  #takeWentBack(at: RecordPosition, replay: WentBack): void {
    const key = partitionKey(at);
    const known = this.#wentBack.get(key) ?? new Map<bigint, WentBack>();
    this.#wentBack.set(key, known);
    if ((known.get(at.offset)?.atMs ?? 0) <= replay.atMs) known.set(at.offset, replay);
  }

  #takeEdit({ of, state }: EditValue): void {
    const at = parsePosition(of);
    if (at !== undefined && state === 'done') this.#fatesOf(at).set(at.offset, 'edited');
  }

  #takeDeed({ deed, chunks }: DeedFile): void {
    for (const { topic, partition, offsets } of chunks) {
      const key = partitionKey({ topic, partition });
      const discarded = this.#discarded.get(key) ?? new Set<bigint>();
      this.#discarded.set(key, discarded);
      for (const offset of unpackOffsets(offsets)) {
        if (deed.deed === 'discard') discarded.add(offset);
        else discarded.delete(offset);
      }
    }
  }

  /** What went back cannot be discarded, and what is discarded does not go back: a discard that stands is the last word. */
  #fateOf(at: RecordPosition): LetterState | undefined {
    const key = partitionKey(at);
    if (this.#discarded.get(key)?.has(at.offset) === true) return 'discarded';
    return this.#fates.get(key)?.get(at.offset);
  }
}

/** What the closed parts of a replay's ledger say, letter by letter, with the time of each part. */
const resultsOf = (file: PlanFile): readonly (readonly [RecordPosition, LedgerResult, number])[] =>
  file.batches.flatMap((batch) => {
    const positions = positionsOf(file, batch.chunk, batch.from, batch.to);
    return unpackResults(batch).flatMap((result, index) => {
      const at = positions[index];
      return at === undefined ? [] : [[at, result, batch.atMs] as const];
    });
  });

const DEED_SUBJECT = /^letters\/([^/]+)\/deed$/;
const PLAN_SUBJECT = /^replay\/([^/]+)\/plan$/;

const byOffset = (a: ControlEntry, b: ControlEntry): number => (a.offset < b.offset ? -1 : 1);

/** The deeds among these entries, in the order they were written last. One whose positions are not whole is none. */
const deedsOf = (entries: ReadonlyMap<string, ControlEntry>): readonly DeedFile[] =>
  [...entries.values()].sort(byOffset).flatMap((entry) => {
    const [, deedId] = DEED_SUBJECT.exec(entry.subject) ?? [];
    const deed = DeedValue.safeParse(entry.value);
    if (deedId === undefined || !deed.success) return [];
    const chunks = Array.from({ length: deed.data.chunks }, (_, index) =>
      DeedPositions.safeParse(entries.get(letterSubjects.positions(deedId, index))?.value),
    ).flatMap((chunk) => (chunk.success ? [chunk.data] : []));
    return chunks.length < deed.data.chunks ? [] : [{ deedId, deed: deed.data, chunks }];
  });

const editsOf = (entries: ReadonlyMap<string, ControlEntry>): readonly EditValue[] =>
  [...entries.values()].flatMap(({ value }) => {
    const edit = EditValue.safeParse(value);
    return edit.success ? [edit.data] : [];
  });

const plansOf = (entries: ReadonlyMap<string, ControlEntry>): readonly PlanFile[] =>
  [...entries.keys()].flatMap((subject) => {
    const [, planId] = PLAN_SUBJECT.exec(subject) ?? [];
    const file = planId === undefined ? undefined : planFileOf(planId, entries);
    // A window's records are events.
    return file === undefined || file.plan.kind !== 'replay.plan' ? [] : [file];
  });

/**
 * Reads what became of dead letters to the end of the control topic.
 *
 * @throws EsteiraError ESTEIRA_TOPICS_DIFFER, ESTEIRA_BROKER_UNAVAILABLE
 */
export const readLetterLedger = async (control: ControlLog): Promise<LetterLedger> => {
  const letters = await control.read(letterSubjects.all);
  const replays = await control.read(subjects.all);
  return new LetterLedger(plansOf(replays), deedsOf(letters), editsOf(letters));
};
