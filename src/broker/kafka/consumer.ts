import type { Consumer, EachBatchPayload } from 'kafkajs';
import type { Clock } from '../../core/clock.ts';
import { EsteiraError } from '../../core/errors.ts';
import type {
  CommittedOffset,
  ConsumerListener,
  ConsumerOptions,
  GroupConsumer,
  OffsetProblem,
} from '../../core/ports/broker.ts';
import type { BrokerLog } from '../../core/ports/log.ts';
import type { TopicPartition } from '../../core/record.ts';
import { stickyAssigner } from './assigner.ts';
import type { KafkaBrokerConfig } from './client.ts';
import { makeClient } from './client.ts';
import {
  findCoordinatorAnew,
  type HookedGroup,
  hookGroup,
  type OffsetManagerOfAssignment,
} from './client-patch.ts';
import { commitUnder } from './commit.ts';
import { consumedRecord } from './consumed-record.ts';
import { EpochState, type JoinNumber } from './epoch.ts';
import { brokerError } from './errors.ts';
import { checkOffsets, type OffsetLookUp, problemOf } from './offset-check.ts';

const MAX_WAIT_MS = 250;
const SESSION_TIMEOUT_MS = 30_000;
const REBALANCE_TIMEOUT_MS = 60_000;
const HEARTBEAT_MS = 3_000;
/** Small answers keep a round of the fetch loop short: it waits for all partitions of a broker. */
const MAX_BYTES_PER_PARTITION = 256 * 1024;
const MAX_BYTES = 2 * 1024 * 1024;
/** How long `stop` waits for kafkajs, which waits for its fetches, before it cuts the connections, ms. */
const STOP_MS = 10_000;
/** kafkajs counts errors over the whole session and then leaves the group to join anew, so it must not be few. */
const RETRIES = 30;
const CHECK_AGAIN_MS = 500;

/** A batch as kafkajs makes it: the offset it was fetched at is there, but not in its types. */
const fetchedAt = (batch: object): bigint =>
  BigInt('fetchedOffset' in batch ? String(batch.fetchedOffset) : -1);

const toPartitions = (assignment: Readonly<Record<string, readonly number[]>>): TopicPartition[] =>
  Object.entries(assignment).flatMap(([topic, partitions]) =>
    partitions.map((partition) => ({ topic, partition })),
  );

/** What a {@link KafkaConsumer} stands on. */
export interface ConsumerWiring {
  readonly config: KafkaBrokerConfig;
  readonly lookUp: OffsetLookUp;
  readonly clock: Clock;
  readonly log: BrokerLog;
}

type Phase = 'new' | 'running' | 'stopped';

/** A member of a group on kafkajs, with the guards of ADR 0002. */
export class KafkaConsumer implements GroupConsumer {
  readonly #wiring: ConsumerWiring;
  readonly #options: ConsumerOptions;
  readonly #state = new EpochState();
  readonly #consumer: Consumer;
  #disconnectRaw: () => Promise<void> = async () => undefined;
  #listener: ConsumerListener | undefined;
  #group: HookedGroup | undefined;
  /** The offset manager of the current join: commits through it carry that join's generation. */
  #manager: OffsetManagerOfAssignment | undefined;
  #phase: Phase = 'new';
  #commits: Promise<unknown> = Promise.resolve();
  #firstAssignment: { resolve(): void; reject(error: Error): void } | undefined;

  constructor(wiring: ConsumerWiring, options: ConsumerOptions) {
    this.#wiring = wiring;
    this.#options = options;
    const sessionTimeout = options.sessionTimeoutMs ?? SESSION_TIMEOUT_MS;
    this.#consumer = makeClient(wiring.config, wiring.log).consumer({
      groupId: options.groupId,
      partitionAssigners: [
        stickyAssigner(
          () => this.#state.assigned(),
          (cluster) => this.#hook(cluster),
        ),
      ],
      sessionTimeout,
      rebalanceTimeout: REBALANCE_TIMEOUT_MS,
      heartbeatInterval: Math.min(HEARTBEAT_MS, Math.floor(sessionTimeout / 3)),
      maxWaitTimeInMs: options.maxWaitMs ?? MAX_WAIT_MS,
      minBytes: 1,
      maxBytes: MAX_BYTES,
      maxBytesPerPartition: MAX_BYTES_PER_PARTITION,
      allowAutoTopicCreation: false,
      retry: {
        retries: RETRIES,
        initialRetryTime: 100,
        maxRetryTime: 1_000,
        restartOnFailure: async () => this.#phase !== 'stopped',
      },
    });
  }

  async run(listener: ConsumerListener): Promise<void> {
    if (this.#phase !== 'new')
      throw new EsteiraError('ESTEIRA_CLOSED', 'A consumer runs once: make another.');
    this.#phase = 'running';
    this.#listener = listener;
    const assigned = new Promise<void>((resolve, reject) => {
      this.#firstAssignment = { resolve, reject };
    });
    assigned.catch(() => undefined);
    this.#listen();
    try {
      await this.#consumer.connect();
      await this.#consumer.subscribe({ topics: [...this.#options.topics], fromBeginning: true });
      await this.#consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        eachBatch: async (payload) => this.#onBatch(payload),
      });
    } catch (error) {
      await this.stop();
      throw brokerError('Cannot join the group', error, {
        fallback: 'ESTEIRA_SERVICE_UNREACHABLE',
        facts: { groupId: this.#options.groupId, topics: [...this.#options.topics] },
      });
    }
    await assigned;
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.#state.pause(partitions);
    this.#pauseFetching(partitions);
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.#state.resume(partitions);
    const readable = partitions.filter((at) => this.#state.position(at) !== undefined);
    this.#resumeFetching(readable);
  }

  commit(offsets: readonly CommittedOffset[]): Promise<readonly CommittedOffset[]> {
    // One after the other: a slow commit must not overwrite a later one.
    const commit = this.#commits.then(() => this.#commitNow(offsets));
    this.#commits = commit.catch(() => undefined);
    return commit;
  }

  async stop(): Promise<void> {
    if (this.#phase === 'stopped') return;
    this.#phase = 'stopped';
    this.#firstAssignment?.reject(new EsteiraError('ESTEIRA_CLOSED', 'The consumer was stopped.'));
    let cancel: () => void = () => undefined;
    const late = new Promise<'late'>((resolve) => {
      cancel = this.#wiring.clock.after(STOP_MS, () => resolve('late'));
    });
    const left = this.#consumer.disconnect().catch((error: unknown) => {
      this.#wiring.log.warn('consumer did not leave in order', brokerError('Cannot leave', error).facts);
    });
    const end = await Promise.race([left, late]);
    cancel();
    if (end === 'late') void this.#disconnectRaw().catch(() => undefined);
  }

  #hook(cluster: { disconnect(): Promise<void> }): void {
    this.#disconnectRaw = () => cluster.disconnect();
    hookGroup(cluster, {
      joining: () => this.#state.joining(),
      group: (group) => {
        this.#group = group;
      },
      outOfRange: (topic, partition) => this.#investigate({ topic, partition }),
    });
  }

  #listen(): void {
    const { GROUP_JOIN, REBALANCING, CRASH, START_BATCH_PROCESS } = this.#consumer.events;
    this.#consumer.on(REBALANCING, () => this.#state.joining());
    this.#consumer.on(GROUP_JOIN, ({ payload }) =>
      this.#onJoin(payload.memberId, toPartitions(payload.memberAssignment)),
    );
    this.#consumer.on(START_BATCH_PROCESS, ({ payload }) => {
      // Only control or aborted records: kafkajs moves past them without telling the handler.
      if (payload.batchSize === 0) this.#state.moveTo(payload, BigInt(payload.lastOffset) + 1n);
    });
    this.#consumer.on(CRASH, ({ payload }) => this.#onCrash(payload.error, payload.restart));
  }

  #onJoin(memberId: string, partitions: readonly TopicPartition[]): void {
    const join = this.#state.joined(memberId, partitions);
    this.#manager = this.#group?.offsetManager ?? undefined;
    if (this.#phase !== 'running') return;
    // Nothing is fetched before the offsets were looked at; a pause of an earlier assignment ends here too.
    this.#pauseFetching(partitions);
    void this.#completeJoin(join, partitions);
  }

  async #completeJoin(join: JoinNumber, partitions: readonly TopicPartition[]): Promise<void> {
    for (let attempt = 1; this.#isWanted(join); attempt++) {
      try {
        const { committed, problems } = await checkOffsets(
          this.#wiring.lookUp,
          this.#options.groupId,
          partitions,
        );
        if (this.#isWanted(join)) this.#tellAssignment(join, committed, problems);
        return;
      } catch (error) {
        if (attempt % 10 === 1)
          this.#wiring.log.warn(
            'cannot look up offsets, trying on',
            brokerError('Cannot look up offsets', error).facts,
          );
        await new Promise<void>((resolve) => void this.#wiring.clock.after(CHECK_AGAIN_MS, resolve));
      }
    }
  }

  #isWanted(join: JoinNumber): boolean {
    return this.#phase === 'running' && this.#state.isCurrent(join);
  }

  #tellAssignment(
    join: JoinNumber,
    committed: readonly CommittedOffset[],
    problems: readonly OffsetProblem[],
  ): void {
    const assignment = this.#state.complete(join, committed, problems);
    if (assignment === undefined) return;
    this.#tell((listener) => listener.onAssigned(assignment));
    if (problems.length > 0) this.#tell((listener) => listener.onOffsetProblem(problems));
    const readable = this.#state.positions();
    for (const at of readable) this.#seek(at, at.offset);
    this.#resumeFetching(readable.filter((at) => !this.#state.isPaused(at)));
    this.#firstAssignment?.resolve();
  }

  #onBatch({ batch, resolveOffset }: EachBatchPayload): void {
    const at = { topic: batch.topic, partition: batch.partition };
    const [first] = batch.messages;
    const last = batch.messages.at(-1);
    if (first === undefined || last === undefined || this.#phase !== 'running') return;
    const verdict = this.#state.judge(at, { fetchedAt: fetchedAt(batch), first: BigInt(first.offset) });
    if (verdict.kind === 'seek') this.#seek(at, verdict.offset);
    if (verdict.kind === 'check-gap') this.#investigate(at);
    if (verdict.kind !== 'deliver' || !this.#resolve(() => resolveOffset(last.offset))) return;
    // kafkajs resolves trailing control records along with the last record.
    this.#state.moveTo(at, BigInt(batch.lastOffset()) + 1n);
    const records = batch.messages.map((message) => consumedRecord(at, message));
    const highWatermark = BigInt(batch.highWatermark);
    this.#tell((listener) => listener.onBatch({ ...at, epoch: verdict.epoch, records, highWatermark }));
  }

  /** False when kafkajs has begun another assignment without the partition: then the batch is not ours any more. */
  #resolve(resolve: () => void): boolean {
    try {
      resolve();
      return true;
    } catch {
      return false;
    }
  }

  /** Asks why a partition cannot be read from its position: tells a problem, or lets reading go on. */
  #investigate(at: TopicPartition): void {
    const join = this.#state.currentJoin();
    const position = this.#state.position(at);
    this.#pauseFetching([at]);
    if (position !== undefined) void this.#investigateAt(join, at, position);
  }

  async #investigateAt(join: JoinNumber, at: TopicPartition, position: bigint): Promise<void> {
    while (this.#isWanted(join) && this.#state.position(at) === position) {
      try {
        const [range] = await this.#wiring.lookUp.rangesOf([at]);
        if (range === undefined || !this.#isWanted(join)) return;
        const problem = problemOf(range, this.#state.lastCommitted(at), position);
        if (problem === undefined) return this.#goOn(at, position);
        this.#state.block(at);
        return this.#tell((listener) => listener.onOffsetProblem([problem]));
      } catch (error) {
        this.#wiring.log.warn(
          'cannot look up offsets, trying on',
          brokerError('Cannot look up offsets', error).facts,
        );
        await new Promise<void>((resolve) => void this.#wiring.clock.after(CHECK_AGAIN_MS, resolve));
      }
    }
  }

  #goOn(at: TopicPartition, position: bigint): void {
    this.#state.allowGap(at);
    this.#seek(at, position);
    if (!this.#state.isPaused(at)) this.#resumeFetching([at]);
  }

  async #commitNow(offsets: readonly CommittedOffset[]): Promise<readonly CommittedOffset[]> {
    const join = this.#state.currentJoin();
    const manager = this.#manager;
    const wanted = this.#state.committable(offsets);
    if (wanted.length === 0 || manager === undefined || this.#phase !== 'running') return [];
    const group = this.#group;
    const end = await commitUnder(manager, wanted, async (error) => {
      return group !== undefined && this.#state.isCurrent(join) && findCoordinatorAnew(group, error);
    });
    if (end === 'rebalancing') {
      if (this.#state.isCurrent(join)) this.#state.joining();
      return [];
    }
    this.#state.committed(join, wanted);
    return wanted;
  }

  #onCrash(error: Error, restarts: boolean): void {
    this.#state.joining();
    // A restart that was planned before `stop` would bring a member nobody knows.
    if (this.#phase === 'stopped')
      return void setImmediate(() => void this.#consumer.disconnect().catch(() => undefined));
    if (restarts) return;
    const crash = brokerError('The consumer gave up', error, { facts: { groupId: this.#options.groupId } });
    this.#firstAssignment?.reject(crash);
    this.#tell((listener) => listener.onCrash(crash));
  }

  /** A listener that throws breaks its word: nothing it was told after that can be trusted to be kept. */
  #tell(message: (listener: ConsumerListener) => void): void {
    const listener = this.#phase === 'running' ? this.#listener : undefined;
    if (listener === undefined) return;
    try {
      message(listener);
    } catch (error) {
      const thrown = error instanceof Error ? error : new Error(String(error));
      this.#wiring.log.error('a listener of the consumer threw', {
        groupId: this.#options.groupId,
        error: thrown.name,
      });
      this.#listener = undefined;
      void this.stop();
      listener.onCrash(thrown);
    }
  }

  #seek(at: TopicPartition, offset: bigint): void {
    this.#ifRunning(() =>
      this.#consumer.seek({ topic: at.topic, partition: at.partition, offset: String(offset) }),
    );
  }

  #pauseFetching(partitions: readonly TopicPartition[]): void {
    this.#ifRunning(() =>
      this.#consumer.pause(partitions.map(({ topic, partition }) => ({ topic, partitions: [partition] }))),
    );
  }

  #resumeFetching(partitions: readonly TopicPartition[]): void {
    this.#ifRunning(() =>
      this.#consumer.resume(partitions.map(({ topic, partition }) => ({ topic, partitions: [partition] }))),
    );
  }

  /** kafkajs throws while it is between two runs; the next assignment sets everything anew. */
  #ifRunning(act: () => void): void {
    if (this.#phase !== 'running') return;
    try {
      act();
    } catch (error) {
      this.#wiring.log.info('between two runs of the group', brokerError('Cannot', error).facts);
    }
  }
}
