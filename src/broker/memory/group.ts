import { EsteiraError } from '../../core/errors.ts';
import type { CommittedOffset } from '../../core/ports/broker.ts';
import { partitionKey, type TopicPartition } from '../../core/record.ts';
import { type AssignableMember, assignPartitions } from './assign-partitions.ts';
import type { MemoryTopic } from './topic.ts';

/** A member of a group as its coordinator sees it. */
export interface GroupMember extends AssignableMember {
  /** The next assignment; what was read in the one before may come again. */
  assigned(partitions: readonly TopicPartition[], sameMember: boolean): void;
  /** The client gives up. */
  crash(error: Error): void;
}

/** A consumer group: members, eager rebalances and committed offsets. */
export class MemoryGroup {
  readonly groupId: string;
  readonly #topic: (name: string) => MemoryTopic;
  /** In the order of joining; true once the member had an assignment. */
  readonly #members = new Map<GroupMember, boolean>();
  readonly #committed = new Map<string, CommittedOffset>();
  #rebalancing = false;

  constructor(groupId: string, topic: (name: string) => MemoryTopic) {
    this.groupId = groupId;
    this.#topic = topic;
  }

  /** From the first sign of a change until everybody has the next assignment: nothing is read or committed. */
  get rebalancing(): boolean {
    return this.#rebalancing;
  }

  get members(): readonly GroupMember[] {
    return [...this.#members.keys()];
  }

  join(member: GroupMember): void {
    this.#members.set(member, false);
    this.rebalance();
  }

  leave(member: GroupMember): void {
    if (this.#members.delete(member)) this.rebalance();
  }

  /** Assigns anew, once for all changes until then. */
  rebalance(): void {
    if (this.#rebalancing) return;
    this.#rebalancing = true;
    setImmediate(() => this.#assign());
  }

  /** Makes the next assignment one to new members: their earlier member ids are forgotten. */
  forgetMembers(): void {
    for (const member of this.#members.keys()) this.#members.set(member, false);
  }

  /** Forgets what was committed on a topic that is gone. */
  forgetTopic(topic: string): void {
    for (const [key, committed] of this.#committed)
      if (committed.topic === topic) this.#committed.delete(key);
  }

  /** The committed next offset of a partition, or undefined. */
  committed(at: TopicPartition): CommittedOffset | undefined {
    return this.#committed.get(partitionKey(at));
  }

  /** Writes those that are above the last commit; gives back what it wrote. */
  advance(offsets: readonly CommittedOffset[]): readonly CommittedOffset[] {
    return offsets.filter((next) => {
      const last = this.committed(next);
      if (last !== undefined && next.offset <= last.offset) return false;
      this.#write(next);
      return true;
    });
  }

  /** Writes offsets as they are, back as well as forth. @throws EsteiraError ESTEIRA_BROKER_REFUSED while there are members. */
  set(offsets: readonly CommittedOffset[]): void {
    if (this.#members.size > 0) {
      throw new EsteiraError('ESTEIRA_BROKER_REFUSED', `group ${this.groupId} has members: stop them first`, {
        facts: { group: this.groupId, members: this.#members.size },
      });
    }
    for (const offset of offsets) this.#write(offset);
  }

  #write({ topic, partition, offset, metadata }: CommittedOffset): void {
    this.#committed.set(partitionKey({ topic, partition }), { topic, partition, offset, metadata });
  }

  #assign(): void {
    const assignment = assignPartitions(this.members, (topic) => {
      return this.#topic(topic).logs.map(({ partition }) => ({ topic, partition }));
    });
    this.#rebalancing = false;
    for (const [member, partitions] of assignment) {
      const known = this.#members.get(member);
      // A listener before may have made this one leave.
      if (known === undefined) continue;
      this.#members.set(member, true);
      member.assigned(partitions, known);
    }
  }
}
