import { EsteiraError } from '../../core/errors.ts';
import type {
  CommittedOffset,
  ConsumerListener,
  ConsumerOptions,
  GroupConsumer,
  OffsetProblem,
} from '../../core/ports/broker.ts';
import { partitionKey, type TopicPartition } from '../../core/record.ts';
import type { MemoryCluster } from './cluster.ts';
import type { GroupMember, MemoryGroup } from './group.ts';
import { OwnedPartition } from './owned-partition.ts';

/** How many records are handed over before the event loop gets its turn. */
const TURN_RECORDS = 500;

const closed = (groupId: string): EsteiraError =>
  new EsteiraError(
    'ESTEIRA_CLOSED',
    `a consumer of group ${groupId} was stopped or runs already: create another`,
    {
      facts: { group: groupId },
    },
  );

/** A member of a memory group. It keeps no records: each turn reads from the logs what is asked for. */
export class MemoryConsumer implements GroupConsumer, GroupMember {
  readonly topics: readonly string[];
  owned: readonly TopicPartition[] = [];
  readonly #cluster: MemoryCluster;
  readonly #group: MemoryGroup;
  readonly #onEnd: (consumer: MemoryConsumer) => void;
  #listener: ConsumerListener | undefined;
  #state: 'new' | 'running' | 'stopped' = 'new';
  #epoch = 0;
  #partitions = new Map<string, OwnedPartition>();
  /** Partitions that may have something to read, in the order of their turns. */
  readonly #ready = new Set<OwnedPartition>();
  #turnPlanned = false;
  #firstAssignment: { resolve: () => void; reject: (error: Error) => void } | undefined;

  constructor(cluster: MemoryCluster, options: ConsumerOptions, onEnd: (consumer: MemoryConsumer) => void) {
    this.#cluster = cluster;
    this.topics = [...new Set(options.topics)];
    this.#group = cluster.group(options.groupId);
    this.#onEnd = onEnd;
  }

  async run(listener: ConsumerListener): Promise<void> {
    if (this.#state !== 'new') throw closed(this.#group.groupId);
    for (const topic of this.topics) this.#cluster.topic(topic);
    this.#state = 'running';
    this.#listener = listener;
    await new Promise<void>((resolve, reject) => {
      this.#firstAssignment = { resolve, reject };
      this.#group.join(this);
    });
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const at of partitions) {
      const owned = this.#partitions.get(partitionKey(at));
      if (owned !== undefined) owned.paused = true;
    }
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const at of partitions) {
      const owned = this.#partitions.get(partitionKey(at));
      if (owned === undefined) continue;
      owned.paused = false;
      this.#plan(owned);
    }
  }

  async commit(offsets: readonly CommittedOffset[]): Promise<readonly CommittedOffset[]> {
    if (this.#cluster.switches.commitsFail) {
      throw new EsteiraError(
        'ESTEIRA_BROKER_UNAVAILABLE',
        'the broker did not take the commit: commit again later',
      );
    }
    if (this.#state !== 'running' || this.#group.rebalancing) return [];
    return this.#group.advance(offsets.filter((at) => this.#partitions.has(partitionKey(at))));
  }

  async stop(): Promise<void> {
    if (this.#state === 'stopped') return;
    this.#leave(closed(this.#group.groupId));
  }

  crash(error: Error): void {
    const listener = this.#listener;
    this.#leave(error);
    listener?.onCrash(error);
  }

  assigned(partitions: readonly TopicPartition[], sameMember: boolean): void {
    const before = this.#release();
    this.#epoch += 1;
    this.owned = partitions;
    for (const at of partitions) {
      const key = partitionKey(at);
      const owned = new OwnedPartition(
        this.#cluster.topic(at.topic).log(at.partition),
        this.#group.committed(at),
      );
      owned.paused = sameMember && before.get(key)?.paused === true;
      this.#partitions.set(key, owned);
      owned.watch(() => this.#plan(owned));
    }
    this.#tellAssignment(sameMember);
    this.#firstAssignment?.resolve();
    this.#firstAssignment = undefined;
  }

  #tellAssignment(sameMember: boolean): void {
    const all = [...this.#partitions.values()];
    const committed = all.flatMap(({ committed }) => committed ?? []);
    this.#tell((to) => to.onAssigned({ epoch: this.#epoch, partitions: this.owned, committed, sameMember }));
    this.#tellProblems(all.flatMap((owned) => owned.problem() ?? []));
    for (const owned of all) this.#plan(owned);
  }

  #tellProblems(problems: readonly OffsetProblem[]): void {
    if (problems.length > 0) this.#tell((to) => to.onOffsetProblem(problems));
  }

  /** A listener that throws has broken its contract: the member crashes, as a Kafka client does. */
  #tell(call: (listener: ConsumerListener) => void): void {
    if (this.#state !== 'running' || this.#listener === undefined) return;
    try {
      call(this.#listener);
    } catch (error) {
      this.crash(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #plan(owned: OwnedPartition): void {
    if (!owned.hasMore || this.#partitions.get(owned.key) !== owned) return;
    this.#ready.add(owned);
    if (this.#turnPlanned) return;
    this.#turnPlanned = true;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    this.#turnPlanned = false;
    let left = TURN_RECORDS;
    for (const owned of this.#ready) {
      // A rebalance plans everything again when it is over.
      if (this.#group.rebalancing || left <= 0) break;
      this.#ready.delete(owned);
      left -= this.#handOver(owned, left);
    }
    const [next] = this.#ready;
    if (next !== undefined && !this.#group.rebalancing) this.#plan(next);
  }

  #handOver(owned: OwnedPartition, maxRecords: number): number {
    if (!owned.hasMore) return 0;
    const lost = owned.problem(this.#group.committed(owned.log));
    if (lost !== undefined) {
      this.#tellProblems([lost]);
      return 0;
    }
    const records = owned.take(maxRecords);
    this.#plan(owned);
    if (records.length === 0) return 0;
    const { topic, partition } = owned.log;
    const highWatermark = BigInt(owned.log.high);
    this.#tell((to) => to.onBatch({ epoch: this.#epoch, topic, partition, records, highWatermark }));
    return records.length;
  }

  #leave(why: Error): void {
    this.#state = 'stopped';
    this.#firstAssignment?.reject(why);
    this.#release();
    this.owned = [];
    this.#group.leave(this);
    this.#onEnd(this);
  }

  /** Lets go of all partitions and gives back what they were. */
  #release(): ReadonlyMap<string, OwnedPartition> {
    const released = this.#partitions;
    for (const owned of released.values()) owned.unwatch();
    this.#partitions = new Map();
    this.#ready.clear();
    return released;
  }
}
