import type { Assignment, CommittedOffset, Epoch, OffsetProblem } from '../../core/ports/broker.ts';
import { partitionKey, type TopicPartition } from '../../core/record.ts';

/** A number for each join of the group; look-ups made for an older one are void. */
export type JoinNumber = number;

/** What to do with a batch kafkajs hands over. */
export type BatchVerdict =
  | { readonly kind: 'deliver'; readonly epoch: Epoch }
  /** Not ours, paused, or of an unfinished assignment: neither deliver nor resolve. */
  | { readonly kind: 'drop' }
  /** Fetched for another position: fetch again from this one. */
  | { readonly kind: 'seek'; readonly offset: bigint }
  /** The records begin above the position: ask whether the log's start moved past it. */
  | { readonly kind: 'check-gap' };

/** Where a batch was fetched and where its records begin. */
export interface BatchSpan {
  readonly fetchedAt: bigint;
  readonly first: bigint;
}

interface Owned {
  readonly at: TopicPartition;
  /** The next offset to hand over in this epoch. */
  position: bigint;
  /** Commits at or below are refused. */
  committed: bigint;
  /** A problem was found: nothing is delivered. */
  isBlocked: boolean;
  /** A gap at this position is known to be harmless. */
  gapAllowedAt?: bigint;
}

const keysOf = (partitions: readonly TopicPartition[]): ReadonlySet<string> =>
  new Set(partitions.map(partitionKey));

/**
 * What one member of a group owns and what may be done with it. Pure: every order of events can be tried without a
 * broker. kafkajs itself forgets, on a rejoin, for which assignment a batch was fetched; here a batch counts only
 * when it was fetched exactly at the position of the current assignment.
 */
export class EpochState {
  #join: JoinNumber = 0;
  #epoch: Epoch = 0;
  #memberId: string | undefined;
  #isSameMember = false;
  #isComplete = false;
  /** What the listener was told last. */
  #told: ReadonlySet<string> = new Set();
  /** What was owned without a break since then. */
  #kept: ReadonlySet<string> = new Set();
  #partitions: readonly TopicPartition[] = [];
  #owned: ReadonlyMap<string, Owned> = new Map();
  readonly #paused = new Set<string>();

  /** The member joins again: nothing is delivered or committed until the next assignment is complete. */
  joining(): void {
    this.#isComplete = false;
  }

  /** The group gave this member these partitions. */
  joined(memberId: string, partitions: readonly TopicPartition[]): JoinNumber {
    this.#isComplete = false;
    const keys = keysOf(partitions);
    const isNewMember = this.#memberId !== memberId;
    if (isNewMember) this.#isSameMember = false;
    this.#kept = isNewMember ? new Set() : new Set([...this.#kept].filter((key) => keys.has(key)));
    for (const key of this.#paused) if (!this.#kept.has(key)) this.#paused.delete(key);
    this.#memberId = memberId;
    this.#partitions = partitions;
    return ++this.#join;
  }

  /** The committed offsets of that join are known; undefined when the member has joined again meanwhile. */
  complete(
    join: JoinNumber,
    committed: readonly CommittedOffset[],
    problems: readonly OffsetProblem[],
  ): Assignment | undefined {
    if (join !== this.#join) return undefined;
    const now = keysOf(this.#partitions);
    // A partition that was lost and came back before the listener heard of it was someone else's meanwhile.
    const wasLost = [...now].some((key) => this.#told.has(key) && !this.#kept.has(key));
    const sameMember = this.#isSameMember && !wasLost;
    if (!sameMember) this.#paused.clear();
    this.#owned = this.#startFrom(committed, keysOf(problems));
    this.#told = now;
    this.#kept = now;
    this.#isSameMember = true;
    this.#isComplete = true;
    this.#epoch++;
    return { epoch: this.#epoch, partitions: this.#partitions, committed, sameMember };
  }

  #startFrom(
    committed: readonly CommittedOffset[],
    problems: ReadonlySet<string>,
  ): ReadonlyMap<string, Owned> {
    const offsets = new Map(committed.map((one) => [partitionKey(one), one.offset]));
    return new Map(
      this.#partitions.map((at) => {
        const key = partitionKey(at);
        const offset = offsets.get(key);
        const isBlocked = offset === undefined || problems.has(key);
        return [key, { at, position: offset ?? 0n, committed: offset ?? 0n, isBlocked }];
      }),
    );
  }

  /** Whether this is still the latest join. */
  isCurrent(join: JoinNumber): boolean {
    return join === this.#join;
  }

  /** The last offset the broker took for the partition in this epoch. */
  lastCommitted(at: TopicPartition): bigint | undefined {
    return this.#live(at)?.committed;
  }

  /** The number of the latest join. */
  currentJoin(): JoinNumber {
    return this.#join;
  }

  /** What the group gave last, complete or not. */
  assigned(): readonly TopicPartition[] {
    return this.#partitions;
  }

  /** Where to fetch from, for every partition that may be delivered. */
  positions(): readonly (TopicPartition & { readonly offset: bigint })[] {
    if (!this.#isComplete) return [];
    return [...this.#owned.values()]
      .filter(({ isBlocked }) => !isBlocked)
      .map(({ at, position }) => ({ ...at, offset: position }));
  }

  /** The next offset to hand over; undefined when nothing may be. */
  position(at: TopicPartition): bigint | undefined {
    return this.#live(at)?.position;
  }

  /** Says what to do with a batch. */
  judge(at: TopicPartition, span: BatchSpan): BatchVerdict {
    const owned = this.#live(at);
    if (owned === undefined || this.isPaused(at)) return { kind: 'drop' };
    if (span.fetchedAt !== owned.position) return { kind: 'seek', offset: owned.position };
    if (span.first > owned.position && owned.gapAllowedAt !== owned.position) return { kind: 'check-gap' };
    return { kind: 'deliver', epoch: this.#epoch };
  }

  /** A batch was handed over, or held only what nobody is to see (control records): the next one starts here. */
  moveTo(at: TopicPartition, next: bigint): void {
    const owned = this.#live(at);
    if (owned !== undefined && next > owned.position) owned.position = next;
  }

  /** The gap at the present position was looked into and is harmless. */
  allowGap(at: TopicPartition): void {
    const owned = this.#live(at);
    if (owned !== undefined) owned.gapAllowedAt = owned.position;
  }

  /** Delivers nothing more of the partition in this epoch. */
  block(at: TopicPartition): void {
    const owned = this.#live(at);
    if (owned !== undefined) owned.isBlocked = true;
  }

  /** Remembers what the listener paused; forgotten with the partition or the member id. */
  pause(partitions: readonly TopicPartition[]): void {
    for (const at of partitions) if (this.#kept.has(partitionKey(at))) this.#paused.add(partitionKey(at));
  }

  /** Forgets a pause. */
  resume(partitions: readonly TopicPartition[]): void {
    for (const at of partitions) this.#paused.delete(partitionKey(at));
  }

  /** Whether the listener paused the partition. */
  isPaused(at: TopicPartition): boolean {
    return this.#paused.has(partitionKey(at));
  }

  /** Those of the offsets that may be committed now: owned, above the last commit, not while rebalancing. */
  committable(offsets: readonly CommittedOffset[]): readonly CommittedOffset[] {
    return offsets.filter((one) => {
      const owned = this.#live(one);
      return owned !== undefined && one.offset > owned.committed;
    });
  }

  /** The broker took these offsets under that join. */
  committed(join: JoinNumber, offsets: readonly CommittedOffset[]): void {
    if (join !== this.#join) return;
    for (const one of offsets) {
      const owned = this.#owned.get(partitionKey(one));
      if (owned !== undefined && one.offset > owned.committed) owned.committed = one.offset;
    }
  }

  #live(at: TopicPartition): Owned | undefined {
    const owned = this.#isComplete ? this.#owned.get(partitionKey(at)) : undefined;
    return owned === undefined || owned.isBlocked ? undefined : owned;
  }
}
