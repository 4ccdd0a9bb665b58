import type { Consumer, EachBatchPayload } from 'kafkajs';
import type { Clock } from '../../core/clock.ts';
import { EsteiraError } from '../../core/errors.ts';
import type {
  CommittedOffset,
  ConsumerListener,
  ConsumerOptions,
  GroupConsumer,
} from '../../core/ports/broker.ts';
import type { BrokerLog } from '../../core/ports/log.ts';
import type { TopicPartition } from '../../core/record.ts';
import { stickyAssigner } from './assigner.ts';
import { type KafkaBrokerConfig, makeClient } from './client.ts';
import { commitUnder } from './commit.ts';
import { readBatch } from './consumed-record.ts';
import { consumerSettings, maxWaitOf, REBALANCE_TIMEOUT_MS, sessionTimeoutOf } from './consumer-settings.ts';
import { EpochState, type JoinNumber } from './epoch.ts';
import { brokerError } from './errors.ts';
import { FetchControl } from './fetch-control.ts';
import {
  findCoordinatorAnew,
  type HookedGroup,
  hookGroup,
  type OffsetManagerOfAssignment,
} from './group-patch.ts';
import { GuardedListener } from './guarded-listener.ts';
import type { OffsetLookUp, StartOffsets } from './offset-check.ts';
import { OffsetInquiry } from './offset-inquiry.ts';
import { StallWatch } from './stall-watch.ts';

/** How long `stop` waits for kafkajs, which waits for its fetches, before it cuts the connections, ms. */
const STOP_MS = 10_000;
/** Silence beyond the longest rebalance that means kafkajs is dead without having said so, ms. */
const STALL_MS = 60_000;

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

/** Settles `run` once: with the first assignment, or with what prevented it. */
interface FirstAssignment {
  resolve(): void;
  reject(error: Error): void;
}

/** A member of a group on kafkajs, with the guards of ADR 0002. */
export class KafkaConsumer implements GroupConsumer {
  readonly #wiring: ConsumerWiring;
  readonly #options: ConsumerOptions;
  readonly #state = new EpochState();
  readonly #consumer: Consumer;
  readonly #fetch: FetchControl;
  readonly #inquiry: OffsetInquiry;
  readonly #watch: StallWatch;
  readonly #facts: { readonly groupId: string };
  #cutConnections: () => Promise<void> = async () => undefined;
  #listener: GuardedListener | undefined;
  #group: HookedGroup | undefined;
  /** The offset manager of the current join: commits through it carry that join's generation. */
  #manager: OffsetManagerOfAssignment | undefined;
  #phase: 'new' | 'running' | 'stopped' = 'new';
  #commits: Promise<unknown> = Promise.resolve();
  #first: FirstAssignment | undefined;

  constructor(wiring: ConsumerWiring, options: ConsumerOptions) {
    this.#wiring = wiring;
    this.#options = options;
    this.#facts = { groupId: options.groupId };
    const assigner = stickyAssigner(
      () => this.#state.assigned(),
      (cluster) => this.#hook(cluster),
    );
    this.#consumer = makeClient(wiring.config, wiring.log).consumer({
      ...consumerSettings(options, () => this.#isRunning()),
      partitionAssigners: [assigner],
    });
    this.#fetch = new FetchControl(this.#consumer, () => this.#isRunning(), {
      ...wiring,
      maxWaitMs: maxWaitOf(options),
    });
    this.#inquiry = new OffsetInquiry({ ...wiring, groupId: options.groupId });
    const limitMs = sessionTimeoutOf(options) + REBALANCE_TIMEOUT_MS + STALL_MS;
    this.#watch = new StallWatch(wiring.clock, limitMs, () => this.#onStall());
  }

  async run(listener: ConsumerListener): Promise<void> {
    if (this.#phase !== 'new')
      throw new EsteiraError('ESTEIRA_CLOSED', 'A consumer runs once: make another.');
    this.#phase = 'running';
    this.#listener = new GuardedListener(listener, (error) => this.#onBreach(error));
    const assigned = new Promise<void>((resolve, reject) => {
      this.#first = { resolve, reject };
    });
    try {
      await Promise.all([assigned, this.#start()]);
    } catch (error) {
      await this.stop();
      throw brokerError('Cannot join the group', error, {
        fallback: 'ESTEIRA_SERVICE_UNREACHABLE',
        facts: { groupId: this.#options.groupId, topics: [...this.#options.topics] },
      });
    }
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.#state.pause(partitions);
    this.#fetch.pause(partitions);
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.#state.resume(partitions);
    this.#fetch.resume(partitions.filter((at) => this.#state.position(at) !== undefined));
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
    this.#watch.stop();
    this.#first?.reject(new EsteiraError('ESTEIRA_CLOSED', 'The consumer was stopped.'));
    let cancel: () => void = () => undefined;
    const late = new Promise<'late'>((resolve) => {
      cancel = this.#wiring.clock.after(STOP_MS, () => resolve('late'));
    });
    const left = this.#consumer.disconnect().catch((error: unknown) => {
      this.#wiring.log.warn('consumer did not leave in order', brokerError('Cannot leave', error).facts);
    });
    const end = await Promise.race([left, late]);
    cancel();
    if (end === 'late') void this.#cutConnections().catch(() => undefined);
  }

  #isRunning(): boolean {
    return this.#phase === 'running';
  }

  #isWanted(join: JoinNumber): boolean {
    return this.#isRunning() && this.#state.isCurrent(join);
  }

  #hook(cluster: { disconnect(): Promise<void> }): void {
    this.#cutConnections = () => cluster.disconnect();
    hookGroup(cluster, {
      joining: () => this.#state.joining(),
      fetchWaitMs: () => this.#fetch.waitMs,
      group: (group) => {
        this.#group = group;
      },
      outOfRange: (topic, partition) => void this.#investigate({ topic, partition }),
    });
  }

  async #start(): Promise<void> {
    this.#listen();
    await this.#consumer.connect();
    await this.#consumer.subscribe({ topics: [...this.#options.topics], fromBeginning: true });
    this.#watch.start();
    await this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: async (payload) => this.#onBatch(payload),
    });
  }

  #listen(): void {
    const { GROUP_JOIN, REBALANCING, CRASH, START_BATCH_PROCESS, FETCH_START, HEARTBEAT } =
      this.#consumer.events;
    for (const sign of [GROUP_JOIN, REBALANCING, CRASH, FETCH_START, HEARTBEAT] as const)
      this.#consumer.on(sign, this.#watch.sign);
    this.#consumer.on(REBALANCING, () => this.#state.joining());
    this.#consumer.on(GROUP_JOIN, ({ payload }) => {
      void this.#onJoin(payload.memberId, toPartitions(payload.memberAssignment));
    });
    this.#consumer.on(START_BATCH_PROCESS, ({ payload }) => {
      // Only control or aborted records: kafkajs moves past them without telling the handler.
      if (payload.batchSize === 0) this.#state.moveTo(payload, BigInt(payload.lastOffset) + 1n);
    });
    this.#consumer.on(CRASH, ({ payload }) => this.#onCrash(payload.error, payload.restart));
  }

  async #onJoin(memberId: string, partitions: readonly TopicPartition[]): Promise<void> {
    const join = this.#state.joined(memberId, partitions);
    this.#manager = this.#group?.offsetManager ?? undefined;
    // Nothing is fetched before the offsets were looked at; a pause of an earlier assignment ends here too.
    this.#fetch.pause(partitions);
    const start = await this.#inquiry.startOf(partitions, () => this.#isWanted(join));
    if (start !== undefined) this.#begin(join, start);
  }

  #begin(join: JoinNumber, { committed, problems }: StartOffsets): void {
    const assignment = this.#state.complete(join, committed, problems);
    if (assignment === undefined) return;
    this.#tell((listener) => listener.onAssigned(assignment));
    if (problems.length > 0) this.#tell((listener) => listener.onOffsetProblem(problems));
    const readable = this.#state.positions();
    for (const at of readable) this.#fetch.seek(at, at.offset);
    this.#fetch.resume(readable.filter((at) => !this.#state.isPaused(at)));
    this.#first?.resolve();
    this.#first = undefined;
  }

  #onBatch({ batch, resolveOffset }: EachBatchPayload): void {
    const read = readBatch(batch);
    if (read === undefined || !this.#isRunning()) return;
    const { at, records, highWatermark } = read;
    this.#fetch.delivered();
    const verdict = this.#state.judge(at, read);
    if (verdict.kind === 'seek') this.#fetch.seek(at, verdict.offset);
    if (verdict.kind === 'check-gap') void this.#investigate(at);
    if (verdict.kind !== 'deliver') return;
    resolveOffset(String(read.last));
    this.#state.moveTo(at, read.next);
    this.#tell((listener) => listener.onBatch({ ...at, epoch: verdict.epoch, records, highWatermark }));
  }

  /** Asks why a partition cannot be read from its position: tells a problem, or lets reading go on. */
  async #investigate(at: TopicPartition): Promise<void> {
    const join = this.#state.currentJoin();
    const position = this.#state.position(at);
    this.#fetch.pause([at]);
    if (position === undefined) return;
    const isWanted = (): boolean => this.#isWanted(join) && this.#state.position(at) === position;
    const committed = this.#state.lastCommitted(at);
    const answer = await this.#inquiry.whyNot(at, { position, committed }, isWanted);
    if (answer === undefined) return;
    if (answer.problem === undefined) return this.#goOn(at, position);
    this.#state.block(at);
    const problems = [answer.problem];
    this.#tell((listener) => listener.onOffsetProblem(problems));
  }

  #goOn(at: TopicPartition, position: bigint): void {
    this.#state.allowGap(at);
    this.#fetch.seek(at, position);
    if (!this.#state.isPaused(at)) this.#fetch.resume([at]);
  }

  async #commitNow(offsets: readonly CommittedOffset[]): Promise<readonly CommittedOffset[]> {
    const join = this.#state.currentJoin();
    const manager = this.#manager;
    const group = this.#group;
    const wanted = this.#state.committable(offsets);
    if (wanted.length === 0 || !this.#isRunning() || manager === undefined || group === undefined) return [];
    const mayRepeat = async (error: unknown): Promise<boolean> =>
      this.#state.isCurrent(join) && findCoordinatorAnew(group, error);
    if ((await commitUnder(manager, wanted, mayRepeat)) === 'committed') {
      this.#state.committed(join, wanted);
      return wanted;
    }
    if (this.#state.isCurrent(join)) this.#state.joining();
    return [];
  }

  #onCrash(error: Error, restarts: boolean): void {
    this.#state.joining();
    if (!this.#isRunning()) this.#preventRestart();
    else if (!restarts) this.#giveUp(brokerError('The consumer gave up', error, { facts: this.#facts }));
  }

  /** A restart that was planned before `stop` would bring a member nobody knows; kafkajs arms it after this event. */
  #preventRestart(): void {
    setImmediate(() => void this.#consumer.disconnect().catch(() => undefined));
  }

  #onStall(): void {
    const message =
      'The Kafka client has shown no sign of life: the process should end and be started again.';
    this.#giveUp(new EsteiraError('ESTEIRA_BROKER_UNAVAILABLE', message, { facts: this.#facts }));
  }

  #giveUp(error: EsteiraError): void {
    this.#wiring.log.error('a consumer gave up', error.facts);
    if (this.#first !== undefined) this.#first.reject(error);
    else this.#tell((listener) => listener.onCrash(error));
  }

  #tell(message: (listener: ConsumerListener) => void): void {
    if (this.#isRunning()) this.#listener?.tell(message);
  }

  #onBreach(error: Error): void {
    this.#wiring.log.error('a listener of a consumer threw', { ...this.#facts, error: error.name });
    void this.stop();
  }
}
