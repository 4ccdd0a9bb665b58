import { subscriptionOf } from '../core/app-topics.ts';
import { EsteiraError, isEsteiraError } from '../core/errors.ts';
import type { JobDefinition } from '../core/job.ts';
import { names } from '../core/names.ts';
import type { GroupConsumer } from '../core/ports/broker.ts';
import { resolveSettings } from '../core/settings.ts';
import { factsOf, insist, waitOrStop } from './backoff.ts';
import { PauseGuard } from './control/pause-guard.ts';
import type { Course, CourseEvents } from './course.ts';
import { Decider } from './decide.ts';
import type { Delivery } from './delivery.ts';
import { DependencyGuard } from './dependency-guard.ts';
import { Detacher } from './detach/detacher.ts';
import { StandIns } from './detach/stand-ins.ts';
import type { EngineParts, Worker, WorkerStatus } from './engine-parts.ts';
import { Entry } from './entry.ts';
import { FollowerDispatch } from './follower-dispatch.ts';
import { Forwarder } from './forwarder.ts';
import { Intake } from './intake.ts';
import { type IntakeLoopParts, runIntake, takeIn } from './intake-loop.ts';
import { JobLine } from './job-line.ts';
import { JobProcessor } from './job-processor.ts';
import { createTeller } from './job-telling.ts';
import { LetterGuard } from './letter-guard/letter-guard.ts';
import { tellOffsetProblems } from './offset-problems.ts';
import { CopyWriter } from './ordered/copy-writer.ts';
import { driverOf } from './ordered/lane-driver.ts';
import { OrderedBurial } from './ordered/ordered-burial.ts';
import { OrderedCourse } from './ordered/ordered-course.ts';
import { OrderedDrivers } from './ordered/ordered-drivers.ts';
import type { PartitionHome } from './partition-home.ts';
import { PartitionSet } from './partition-set.ts';
import { Settlement } from './settlement.ts';
import { createStateClient, type StateClient } from './state-client.ts';
import { StateTally } from './state-tally.ts';
import { Stops } from './stops.ts';
import { SuccessorWriter } from './successor.ts';
import type { FloodWatches } from './surplus/flood-watches.ts';
import { openFloodWatches } from './surplus/open-flood-watches.ts';
import { Suspensions } from './suspensions.ts';
import { UnorderedCourse } from './unordered-course.ts';
import { type JobWorkerFacts, partitionFacts } from './worker-facts.ts';

const AFTER_ABORT_MS = 1_000;
/** How long what has ended may take to be settled: a few time-outs of the state store. */
const SETTLE_MS = 3_500;
const POLL_MS = 10;

/** Consumes the records of one job type: its group, its buffers, its running jobs. */
export class JobWorker implements Worker {
  readonly #parts: EngineParts;
  readonly #job: JobDefinition<unknown>;
  readonly #name: string;
  readonly #stopping = new AbortController();
  readonly #stops: Stops;
  readonly #tally = new StateTally();
  readonly #suspensions: Suspensions;
  readonly #consumer: GroupConsumer;
  readonly #state: StateClient;
  readonly #partitions: PartitionSet;
  readonly #line: JobLine;
  readonly #forwarder: Forwarder;
  readonly #standIns: StandIns;
  /** Watches for tenants that flood; undefined where nothing is moved aside. */
  readonly #floods: FloodWatches | undefined;
  readonly #intake: IntakeLoopParts;
  /** Keeps partitions in order; undefined for unordered types. */
  readonly #drivers: OrderedDrivers | undefined;
  #taking = true;

  constructor(parts: EngineParts, job: JobDefinition<unknown>) {
    this.#parts = parts;
    this.#job = job;
    this.#name = names.jobGroup(parts.app.name, job.type);
    this.#consumer = parts.broker.createConsumer({
      groupId: this.#name,
      topics: subscriptionOf(parts.app, job),
      maxWaitMs: parts.settings.fetchWaitMs,
      sessionTimeoutMs: parts.settings.sessionTimeoutMs,
    });
    this.#state = createStateClient({
      ...this.#patience,
      state: parts.state,
      renewEveryMs: job.heartbeatMs,
      tally: this.#tally,
    });
    this.#suspensions = new Suspensions(parts.settings.suspension);
    this.#stops = new Stops({ ...parts, job, suspensions: this.#suspensions, state: this.#state });
    const { line, forwarder, standIns } = this.#makeLine();
    this.#line = line;
    this.#forwarder = forwarder;
    this.#standIns = standIns;
    this.#floods = openFloodWatches({ ...parts, job, line, forwarder });
    this.#intake = this.#makeIntake();
    this.#drivers = job.ordered ? this.#makeDrivers() : undefined;
    this.#partitions = this.#makePartitions();
  }

  async start(): Promise<void> {
    if (this.#stopping.signal.aborted) {
      throw new EsteiraError('ESTEIRA_CLOSED', `${this.#name} has been stopped`);
    }
    await this.#consumer.run(this.#partitions);
  }

  async drain(graceMs: number): Promise<void> {
    const { clock } = this.#parts;
    const stopped = this.#stopping.signal;
    this.#taking = false;
    this.#line.stopTaking();
    this.#forwarder.stopTaking();
    await Promise.race([this.#line.handlersEnded(), waitOrStop(clock, graceMs, stopped)]);
    this.#line.revokeAll();
    await Promise.race([this.#line.handlersEnded(), waitOrStop(clock, AFTER_ABORT_MS, stopped)]);
    await Promise.race([this.#allConcluded(), waitOrStop(clock, SETTLE_MS, stopped)]);
  }

  async stop(): Promise<void> {
    this.#taking = false;
    await this.#partitions.commit();
    this.#partitions.close();
    this.#line.close();
    this.#stopping.abort();
    await this.#consumer.stop();
  }

  status(): WorkerStatus {
    return {
      name: this.#name,
      assigned: this.#partitions.size,
      running: this.#line.running,
      waiting: this.#partitions.unsettled,
      suspended: [...this.#stops.list(), ...(this.#taking ? [] : ['stopping'])],
    };
  }

  facts(): JobWorkerFacts {
    const { type, queue } = this.#job;
    return {
      ...{ kind: 'job', name: this.#name, jobType: type, queue, running: this.#line.running },
      ...{ partitions: partitionFacts(this.#partitions), topics: this.#partitions.tallies },
      ...{ state: this.#tally, suspensions: this.#stops.facts(), isPaused: this.#stops.isPaused },
    };
  }

  account() {
    return { jobType: this.#job.type, running: this.#line.running, stopped: this.#stops.causes() };
  }

  get #patience() {
    return {
      clock: this.#parts.clock,
      log: this.#parts.log,
      stopped: this.#stopping.signal,
      onOutage: (what: string, down: boolean): void => this.#stops.note(what, down),
    };
  }

  #makeLine(): { readonly line: JobLine; readonly forwarder: Forwarder; readonly standIns: StandIns } {
    const { app, identity, producer, serde, settings } = this.#parts;
    const job = this.#job;
    const jobSettings = resolveSettings(app, job, { attemptTimeoutMs: settings.attemptTimeoutMs });
    const state = this.#state;
    const onError = (error: unknown): void => this.#unexpected(error);
    const writer = new SuccessorWriter({
      ...{ ...this.#patience, app, identity, producer, serde },
      onTooLarge: (delivery) => this.#suspendAsTooLarge(delivery),
      onFits: ({ position }) => this.#stops.noteTooLarge(position, false),
    });
    const telling = { ...this.#parts, job, onTellingFailed: onError };
    const teller = createTeller(job, identity);
    const shared = {
      ...{ ...telling, jobSettings, state, teller, guard: new LetterGuard({ ...telling, teller }) },
      followers: new FollowerDispatch({ ...telling, ...this.#patience, writer, onError }),
    };
    const settlement = new Settlement({ ...shared, writer });
    const decider = new Decider(app, job, shared.teller);
    const suspensions = this.#suspensions;
    const dependencies = new DependencyGuard({ ...shared, settlement, decider, suspensions });
    const pauses = new PauseGuard({ ...shared, settlement, decider });
    const processor = new JobProcessor({ ...shared, settlement, decider, dependencies, pauses });
    const order = this.#state.order;
    const burial = new OrderedBurial({ ...shared, order, settlement, decider });
    const onForwarded = (entry: Entry): void => this.#settle(entry);
    const insisting = { ...shared, ...this.#patience, decider, settlement, onError };
    const detacher = new Detacher({ ...insisting, writer, onDetached: onForwarded });
    const makeCourse = (events: CourseEvents): Course =>
      job.ordered
        ? new OrderedCourse({ ...shared, order, settlement, decider, dependencies, pauses, burial }, events)
        : new UnorderedCourse({ ...shared, processor, dependencies, detacher }, events);
    const onOver = (entry: Entry): void => {
      this.#floods?.over(entry);
      if (this.#drivers === undefined) this.#settle(entry);
      else this.#drivers.over(entry);
    };
    return {
      line: new JobLine({ ...shared, dependencies, makeCourse, onOver, onError }),
      forwarder: new Forwarder({ ...shared, decider, settlement, onForwarded, onError }),
      standIns: new StandIns({
        ...{ ...insisting, state: this.#parts.state, onSettled: onForwarded },
        onFree: (entry) => this.#line.add(entry),
      }),
    };
  }

  #makeDrivers(): OrderedDrivers {
    const { app, clock, broker, producer } = this.#parts;
    const job = this.#job;
    return new OrderedDrivers({
      ...{ job, clock, order: this.#state.order, waitingTopic: names.waiting(app.name, job.type) },
      copies: new CopyWriter({ ...this.#patience, app, job, producer }),
      onClaim: (entry) => this.#line.add(entry),
      onSettled: (entry) => this.#settle(entry),
      read: (range, onRecord) =>
        insist(this.#patience, `read ${range.topic} again`, () => broker.admin.read(range, onRecord)),
      understand: async (home, record) => {
        const delivery = await takeIn(this.#intake, record);
        return delivery === undefined ? undefined : new Entry(delivery, home);
      },
      onError: (error) => this.#unexpected(error),
    });
  }

  #makeIntake(): IntakeLoopParts {
    const { app, serde, tenants } = this.#parts;
    return {
      ...this.#patience,
      name: this.#name,
      intake: new Intake({ app, job: this.#job, serde, tenants }),
      appetite: this.#line.appetite,
      room: (whereto) => this.#forwarder.room ?? (whereto === 'aside' ? this.#floods?.room : undefined),
      onDrained: (home) => this.#partitions.mayGoOn(home),
      onIgnored: (home, offset) => this.#partitions.settle(home, offset),
      onDelivery: (home, delivery) => {
        const entry = new Entry(delivery, home);
        if (this.#standIns.concerns(delivery)) {
          this.#standIns.take(entry);
          return 'kept';
        }
        const isElsewhere = this.#forwarder.concerns(delivery);
        const isSurplus = !isElsewhere && this.#floods?.isSurplus(entry) === true;
        if (home.driver !== undefined) {
          driverOf(entry).arrived(entry);
          if (isSurplus) driverOf(entry).moveAside(entry);
        } else if (isSurplus) this.#floods?.move(entry);
        else if (isElsewhere) this.#forwarder.forward(entry, 'dedicated_inbox');
        else this.#line.add(entry);
        if (home.driver !== undefined) return 'kept';
        return isSurplus ? 'aside' : isElsewhere ? 'inbox' : 'kept';
      },
    };
  }

  #makePartitions(): PartitionSet {
    const { clock, log, settings, onFatal } = this.#parts;
    const drivers = this.#drivers;
    return new PartitionSet({
      ...{ name: this.#name, consumer: this.#consumer, clock, log },
      ...{ window: settings.window, commitEveryMs: settings.commitEveryMs },
      ...(drivers === undefined
        ? {}
        : { driverFor: (home: PartitionHome, metadata: string) => drivers.make(home, metadata) }),
      ...(this.#floods === undefined ? {} : { watchFor: (home) => this.#floods?.make(home) }),
      onLost: () => this.#line.prune(),
      onIncoming: (home) => void runIntake(this.#intake, home).catch((error) => this.#unexpected(error)),
      onOffsetProblem: (problems) => {
        for (const reason of tellOffsetProblems(log, this.#name, problems)) this.#stops.note(reason, true);
      },
      onCrash: onFatal,
    });
  }

  #settle(entry: Entry): void {
    const { home, delivery } = entry;
    this.#floods?.left(entry);
    this.#partitions.settle(home, delivery.record.offset);
  }

  #suspendAsTooLarge({ position }: Delivery): void {
    this.#stops.noteTooLarge(position, true);
    const what = 'a successor is larger than its topic allows: raise max.message.bytes';
    this.#parts.log.error(`${this.#name}: ${what}`, { position });
  }

  /** A programming error of ours: the record is not settled, and the process must not go on as if it were. */
  #unexpected(error: unknown): void {
    if (isEsteiraError(error, 'ESTEIRA_CLOSED') || this.#stopping.signal.aborted) return;
    this.#parts.log.error(`${this.#name}: unexpected error`, factsOf(error));
    this.#parts.onFatal(error instanceof Error ? error : new Error(String(error)));
  }

  /** Every handler that ended has been settled too, as far as its telemetry and successors are acknowledged. */
  async #allConcluded(): Promise<void> {
    const stopped = this.#stopping.signal;
    const isBusy = (): boolean => this.#line.underWay > 0 || this.#forwarder.underWay > 0;
    while (isBusy() && !stopped.aborted) await waitOrStop(this.#parts.clock, POLL_MS, stopped);
    await this.#parts.producer.flush();
  }
}
