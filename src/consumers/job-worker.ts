import { EsteiraError, isEsteiraError } from '../core/errors.ts';
import type { JobDefinition } from '../core/job.ts';
import { names } from '../core/names.ts';
import type { OffsetProblem } from '../core/ports/broker.ts';
import { subscriptionOf } from '../core/app-topics.ts';
import { factsOf, insist, waitOrStop } from './backoff.ts';
import { createDecider } from './decide.ts';
import type { EngineParts, Worker, WorkerStatus } from './engine-parts.ts';
import type { Execution } from './execution.ts';
import { createIntake } from './intake.ts';
import { createProcessor, type Step } from './job-processor.ts';
import { createTeller } from './job-telling.ts';
import { LeaseKeeper } from './lease-keeper.ts';
import type { Entry, PartitionHome } from './partition-home.ts';
import { PartitionSet } from './partition-set.ts';
import { ReadyQueue } from './ready-queue.ts';
import { createSettlement } from './settlement.ts';
import { createStateClient } from './state-client.ts';
import { createSuccessorWriter } from './successor.ts';

const RENEWALS_PER_LEASE = 3;
const AFTER_ABORT_MS = 1_000;

/** Consumes the records of one job type: its group, its buffers, its running jobs. */
export const createJobWorker = (parts: EngineParts, job: JobDefinition<unknown>): Worker => {
  const { app, broker, clock, log, pool, identity } = parts;
  const name = names.jobGroup(app.name, job.type);
  const stopping = new AbortController();
  const stopped = stopping.signal;
  const suspended = new Set<string>();
  const executions = new Set<Execution>();
  const ready = new ReadyQueue<Entry>();
  let taking = true;
  let running = 0;

  const patience = { clock, log, stopped };
  const teller = createTeller(job, identity);
  const decider = createDecider(app, job, teller);
  const state = createStateClient({ ...patience, state: parts.state, renewEveryMs: job.leaseMs / RENEWALS_PER_LEASE });
  const write = createSuccessorWriter({
    ...patience,
    app,
    job,
    identity,
    producer: parts.producer,
    serde: parts.serde,
    onTooLarge: (delivery) => {
      suspended.add('ESTEIRA_RECORD_TOO_LARGE');
      log.error(`${name}: a successor is larger than its topic allows: raise max.message.bytes`, {
        position: delivery.position,
      });
    },
  });
  const settlement = createSettlement({ ...parts, job, state, teller, write });
  const leases = new LeaseKeeper(state, clock);
  const process = createProcessor({ ...parts, job, state, settlement, decider, teller, leases, executions });
  const intake = createIntake({ app, job, serde: parts.serde, tenants: parts.tenants });
  const consumer = broker.createConsumer({ groupId: name, topics: subscriptionOf(app, job) });

  /** A programming error of ours: the record is not settled, and the process must not go on as if it were. */
  const unexpected = (error: unknown): void => {
    if (isEsteiraError(error, 'ESTEIRA_CLOSED') || stopped.aborted) return;
    log.error(`${name}: unexpected error`, factsOf(error));
    parts.onFatal(error instanceof Error ? error : new Error(String(error)));
  };

  const onOffsetProblem = (problems: readonly OffsetProblem[]): void => {
    for (const { topic, partition, problem, committed, low, high } of problems) {
      suspended.add(`ESTEIRA_OFFSETS_MISSING ${topic}/${partition}`);
      log.error(`${name}: suspended, its offset is ${problem}: an operator decides where it goes on`, {
        topic,
        partition,
        committed: committed === undefined ? 'none' : `${committed}`,
        low: `${low}`,
        high: `${high}`,
      });
    }
  };

  const partitions = new PartitionSet({
    name,
    consumer,
    clock,
    log,
    window: parts.settings.window,
    commitEveryMs: parts.settings.commitEveryMs,
    onIncoming: (home) => void takeIn(home).catch(unexpected),
    onOffsetProblem,
    onCrash: parts.onFatal,
  });

  /** Understands what a partition has taken in, one after the other: order is kept, and nothing is guessed. */
  const takeIn = async (home: PartitionHome): Promise<void> => {
    if (home.intakeRuns) return;
    home.intakeRuns = true;
    try {
      for (let at = 0; home.alive && !stopped.aborted; ) {
        const record = home.incoming[at];
        if (record === undefined) break;
        const taken = await insist(patience, `${name}: intake`, () => intake.take(record));
        at += 1;
        if (at >= 256 || at === home.incoming.length) {
          home.incoming.splice(0, at);
          at = 0;
        }
        if (taken.kind === 'ignored') partitions.settle(home, record.offset);
        else enqueue({ delivery: taken.delivery, home, telling: [] });
      }
    } finally {
      home.intakeRuns = false;
    }
  };

  const enqueue = (entry: Entry): void => {
    const { sequence } = entry.delivery;
    if (sequence === undefined || entry.home.enterLane(sequence, entry)) makeReady(entry);
  };

  const makeReady = (entry: Entry): void => {
    ready.push(entry, entry.delivery.priority);
    pool.offer();
  };

  /** Takes one slot for one ready entry; false when there is nothing to do. */
  const takeOne = (): boolean => {
    if (!taking || running >= (job.concurrency ?? Number.POSITIVE_INFINITY)) return false;
    let entry = ready.shift();
    while (entry !== undefined && !entry.home.alive) entry = ready.shift();
    if (entry === undefined) return false;
    if (!pool.tryTake()) {
      ready.push(entry, entry.delivery.priority);
      return false;
    }
    running += 1;
    void handle(entry);
    return true;
  };

  const handle = async (entry: Entry): Promise<void> => {
    let free = false;
    const freeSlot = (): void => {
      if (free) return;
      free = true;
      running -= 1;
      pool.release();
    };
    try {
      conclude(entry, await process(entry, freeSlot));
    } catch (error) {
      unexpected(error);
    } finally {
      freeSlot();
    }
  };

  const conclude = (entry: Entry, step: Step): void => {
    const { home, delivery } = entry;
    if (step.kind === 'again') {
      clock.after(step.delayMs, () => {
        if (home.alive && !stopped.aborted) makeReady(entry);
      });
      return;
    }
    partitions.settle(home, delivery.record.offset);
    const next = delivery.sequence === undefined ? undefined : home.leaveLane(delivery.sequence);
    if (next !== undefined && home.alive) makeReady(next);
  };

  pool.register(takeOne);

  const drain = async (graceMs: number): Promise<void> => {
    taking = false;
    const ended = async (): Promise<void> => {
      while (executions.size > 0) await Promise.all([...executions].map((execution) => execution.ended));
    };
    await Promise.race([ended(), waitOrStop(clock, graceMs, stopped)]);
    for (const execution of executions) execution.revoke('stopping');
    await Promise.race([ended(), waitOrStop(clock, AFTER_ABORT_MS, stopped)]);
    await Promise.race([settled(), waitOrStop(clock, AFTER_ABORT_MS, stopped)]);
  };

  /** Everything that ended has been settled too. */
  const settled = async (): Promise<void> => {
    while (running > 0 && !stopped.aborted) await waitOrStop(clock, 10, stopped);
    await parts.producer.flush();
  };

  const stop = async (): Promise<void> => {
    taking = false;
    await partitions.commit();
    partitions.close();
    stopping.abort();
    await consumer.stop();
  };

  const status = (): WorkerStatus => ({
    name,
    assigned: partitions.size,
    running: executions.size,
    waiting: partitions.unsettled,
    suspended: [...suspended, ...(state.down ? ['ESTEIRA_STATE_UNAVAILABLE'] : [])],
  });

  const start = async (): Promise<void> => {
    if (stopped.aborted) throw new EsteiraError('ESTEIRA_CLOSED', `${name} has been stopped`);
    await consumer.run(partitions);
  };

  return { start, drain, stop, status };
};
