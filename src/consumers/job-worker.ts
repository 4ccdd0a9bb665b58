import { subscriptionOf } from '../core/app-topics.ts';
import { EsteiraError, isEsteiraError } from '../core/errors.ts';
import type { JobDefinition } from '../core/job.ts';
import { names } from '../core/names.ts';
import type { GroupConsumer } from '../core/ports/broker.ts';
import { factsOf, waitOrStop } from './backoff.ts';
import { Decider } from './decide.ts';
import type { Delivery } from './delivery.ts';
import type { EngineParts, Worker, WorkerStatus } from './engine-parts.ts';
import type { Execution } from './execution.ts';
import { Intake } from './intake.ts';
import { type IntakeLoopParts, runIntake } from './intake-loop.ts';
import { JobProcessor, type Step } from './job-processor.ts';
import { createTeller } from './job-telling.ts';
import { LeaseKeeper } from './lease-keeper.ts';
import { tellOffsetProblems } from './offset-problems.ts';
import type { Entry } from './partition-home.ts';
import { PartitionSet } from './partition-set.ts';
import { ReadyQueue } from './ready-queue.ts';
import { Settlement } from './settlement.ts';
import { createStateClient, type StateClient } from './state-client.ts';
import { SuccessorWriter } from './successor.ts';

const RENEWALS_PER_LEASE = 3;
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
  readonly #suspended = new Set<string>();
  /** Positions of records whose successors do not fit on their topics. */
  readonly #tooLarge = new Set<string>();
  readonly #executions = new Set<Execution>();
  readonly #ready = new ReadyQueue<Entry>();
  readonly #consumer: GroupConsumer;
  readonly #state: StateClient;
  readonly #partitions: PartitionSet;
  readonly #processor: JobProcessor;
  #taking = true;
  /** Slots taken: handlers that run, or are about to. */
  #busy = 0;
  /** Entries under way, also those whose handler has ended and whose settling has not. */
  #handling = 0;

  constructor(parts: EngineParts, job: JobDefinition<unknown>) {
    this.#parts = parts;
    this.#job = job;
    this.#name = names.jobGroup(parts.app.name, job.type);
    this.#consumer = parts.broker.createConsumer({
      groupId: this.#name,
      topics: subscriptionOf(parts.app, job),
      sessionTimeoutMs: parts.settings.sessionTimeoutMs,
    });
    this.#state = createStateClient({
      ...this.#patience,
      state: parts.state,
      renewEveryMs: job.leaseMs / RENEWALS_PER_LEASE,
    });
    this.#processor = this.#makeProcessor();
    this.#partitions = this.#makePartitions();
    parts.pool.register(() => this.#takeOne());
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
    await Promise.race([this.#handlersEnded(), waitOrStop(clock, graceMs, stopped)]);
    for (const execution of this.#executions) execution.revoke('stopping');
    await Promise.race([this.#handlersEnded(), waitOrStop(clock, AFTER_ABORT_MS, stopped)]);
    await Promise.race([this.#allConcluded(), waitOrStop(clock, SETTLE_MS, stopped)]);
  }

  async stop(): Promise<void> {
    this.#taking = false;
    await this.#partitions.commit();
    this.#partitions.close();
    this.#stopping.abort();
    await this.#consumer.stop();
  }

  status(): WorkerStatus {
    return {
      name: this.#name,
      assigned: this.#partitions.size,
      running: this.#executions.size,
      waiting: this.#partitions.unsettled,
      suspended: [
        ...this.#suspended,
        ...(this.#tooLarge.size > 0 ? ['ESTEIRA_RECORD_TOO_LARGE'] : []),
        ...(this.#state.down ? ['ESTEIRA_STATE_UNAVAILABLE'] : []),
        ...(this.#taking ? [] : ['stopping']),
      ],
    };
  }

  get #patience() {
    return {
      clock: this.#parts.clock,
      log: this.#parts.log,
      stopped: this.#stopping.signal,
      onOutage: (what: string, down: boolean): void => {
        if (down) this.#suspended.add(what);
        else this.#suspended.delete(what);
      },
    };
  }

  #makeProcessor(): JobProcessor {
    const { app, identity, producer, serde, clock } = this.#parts;
    const job = this.#job;
    const teller = createTeller(job, identity);
    const writer = new SuccessorWriter({
      ...{ ...this.#patience, app, identity, producer, serde },
      onTooLarge: (delivery) => this.#suspendAsTooLarge(delivery),
      onFits: ({ position }) => this.#tooLarge.delete(position),
    });
    const state = this.#state;
    return new JobProcessor({
      ...this.#parts,
      ...{ job, state, teller, executions: this.#executions },
      settlement: new Settlement({ ...this.#parts, job, state, teller, writer }),
      decider: new Decider(app, job, teller),
      leases: new LeaseKeeper(state, clock),
    });
  }

  #makePartitions(): PartitionSet {
    const { app, serde, tenants, clock, log, settings, onFatal } = this.#parts;
    const intake: IntakeLoopParts = {
      ...this.#patience,
      name: this.#name,
      intake: new Intake({ app, job: this.#job, serde, tenants }),
      onIgnored: (home, offset) => this.#partitions.settle(home, offset),
      onDelivery: (home, delivery) => this.#enqueue({ delivery, home, telling: [] }),
    };
    return new PartitionSet({
      ...{ name: this.#name, consumer: this.#consumer, clock, log },
      ...{ window: settings.window, commitEveryMs: settings.commitEveryMs },
      onIncoming: (home) => void runIntake(intake, home).catch((error) => this.#unexpected(error)),
      onOffsetProblem: (problems) => {
        for (const reason of tellOffsetProblems(log, this.#name, problems)) this.#suspended.add(reason);
      },
      onCrash: onFatal,
    });
  }

  /** An ordered entry waits behind the earlier ones of its key. */
  #enqueue(entry: Entry): void {
    const { sequence } = entry.delivery;
    if (sequence === undefined || entry.home.enterLane(sequence, entry)) this.#makeReady(entry);
  }

  #makeReady(entry: Entry): void {
    this.#ready.push(entry, entry.delivery.priority);
    this.#parts.pool.offer();
  }

  /** Takes one slot for one ready entry; false when there is nothing to do, or no slot. */
  #takeOne(): boolean {
    if (!this.#taking || this.#busy >= (this.#job.concurrency ?? Number.POSITIVE_INFINITY)) return false;
    const entry = this.#nextAlive();
    if (entry === undefined) return false;
    if (!this.#parts.pool.tryTake()) {
      this.#ready.push(entry, entry.delivery.priority);
      return false;
    }
    this.#busy += 1;
    void this.#handle(entry);
    return true;
  }

  /** Entries of lost partitions are dropped: their new owner has them. */
  #nextAlive(): Entry | undefined {
    let entry = this.#ready.shift();
    while (entry !== undefined && !entry.home.alive) entry = this.#ready.shift();
    return entry;
  }

  async #handle(entry: Entry): Promise<void> {
    let freed = false;
    this.#handling += 1;
    const freeSlot = (): void => {
      if (freed) return;
      freed = true;
      this.#busy -= 1;
      this.#parts.pool.release();
    };
    try {
      this.#conclude(entry, await this.#processor.process(entry, freeSlot));
    } catch (error) {
      this.#unexpected(error);
    } finally {
      freeSlot();
      this.#handling -= 1;
    }
  }

  #conclude(entry: Entry, step: Step): void {
    const { home, delivery } = entry;
    if (step.kind === 'again') {
      this.#parts.clock.after(step.delayMs, () => {
        if (home.alive && !this.#stopping.signal.aborted) this.#makeReady(entry);
      });
      return;
    }
    this.#partitions.settle(home, delivery.record.offset);
    const next = delivery.sequence === undefined ? undefined : home.leaveLane(delivery.sequence);
    if (next !== undefined && home.alive) this.#makeReady(next);
  }

  #suspendAsTooLarge({ position }: Delivery): void {
    this.#tooLarge.add(position);
    const what = 'a successor is larger than its topic allows: raise max.message.bytes';
    this.#parts.log.error(`${this.#name}: ${what}`, { position });
  }

  /** A programming error of ours: the record is not settled, and the process must not go on as if it were. */
  #unexpected(error: unknown): void {
    if (isEsteiraError(error, 'ESTEIRA_CLOSED') || this.#stopping.signal.aborted) return;
    this.#parts.log.error(`${this.#name}: unexpected error`, factsOf(error));
    this.#parts.onFatal(error instanceof Error ? error : new Error(String(error)));
  }

  async #handlersEnded(): Promise<void> {
    while (this.#executions.size > 0) {
      await Promise.all([...this.#executions].map(({ ended }) => ended));
    }
  }

  /** Every handler that ended has been settled too, as far as its telemetry and successors are acknowledged. */
  async #allConcluded(): Promise<void> {
    const stopped = this.#stopping.signal;
    while (this.#handling > 0 && !stopped.aborted) await waitOrStop(this.#parts.clock, POLL_MS, stopped);
    await this.#parts.producer.flush();
  }
}
