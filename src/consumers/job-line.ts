import type { JobDefinition } from '../core/job.ts';
import type { JobSettings } from '../core/settings.ts';
import { Appetite } from './appetite.ts';
import { ClaimAhead } from './claim-ahead.ts';
import type { Course, CourseEvents } from './course.ts';
import type { DependencyGuard } from './dependency-guard.ts';
import type { EngineParts } from './engine-parts.ts';
import type { Entry } from './entry.ts';
import type { RunEnd } from './execution.ts';
import type { RunFacts, Teller } from './job-telling.ts';
import { LeaseKeeper } from './lease-keeper.ts';
import type { StartGates } from './limits/start-gates.ts';
import { Runner } from './runner.ts';
import { FairQueue } from './scheduling/fair-queue.ts';
import type { Seat } from './scheduling/slot-scheduler.ts';
import type { StateClient } from './state-client.ts';
import type { Step } from './step.ts';

export interface JobLineParts
  extends Pick<EngineParts, 'clock' | 'slots' | 'tenants' | 'settings' | 'telemetry' | 'onFatal' | 'around'>,
    Pick<EngineParts, 'app' | 'log' | 'limits' | 'control'> {
  readonly job: JobDefinition<unknown>;
  readonly jobSettings: JobSettings;
  readonly state: StateClient;
  readonly teller: Teller;
  readonly dependencies: DependencyGuard;
  readonly makeCourse: (events: CourseEvents) => Course;
  /** The entry is over: its offset may be settled. */
  readonly onOver: (entry: Entry) => void;
  /** A programming error of ours. */
  readonly onError: (error: unknown) => void;
}

/**
 * The way of the entries of one job type through this process: ready, claimed, run, settled. What every job needs is
 * done in batches and without promises; the course says by which rules.
 */
export class JobLine {
  /** How much it wants to be given. */
  readonly appetite: Appetite;
  readonly #parts: JobLineParts;
  readonly #ready: FairQueue<Entry>;
  readonly #seat: Seat;
  readonly #course: Course;
  readonly #runner: Runner;
  readonly #leases: LeaseKeeper;
  readonly #ahead: ClaimAhead<Entry>;
  /** Limits and locks over all processes; undefined where there are none. */
  readonly #gates: StartGates | undefined;
  readonly #mayStart = ({ home }: Entry): boolean => this.#isOpen && home.alive;
  #isOpen = true;
  /** Claimed, or being claimed, without a slot. */
  #aheadCount = 0;
  #underWay = 0;

  constructor(parts: JobLineParts) {
    const { job, clock, state, onError, tenants, jobSettings } = parts;
    this.#parts = parts;
    const shareOf = (tenant: string) =>
      parts.control.shareOf(jobSettings.queue, tenant, tenants.tierOf(tenant));
    this.#ahead = new ClaimAhead(clock, (tenant) => shareOf(tenant).weight);
    this.#course = parts.makeCourse({
      granted: (entry) => this.#grantedTo(entry),
      notStarted: (entry) => this.#letGo(entry),
      stepping: (entry, step) => this.#take(entry, step),
      over: (entry) => this.#over(entry),
      failed: onError,
    });
    this.#runner = new Runner({
      ...parts,
      onTellingFailed: onError,
      onEnd: (entry, run, end) => this.#ended(entry, run, end),
    });
    this.#leases = new LeaseKeeper({
      ...{ state, clock, leaseMs: job.leaseMs, heartbeatMs: job.heartbeatMs, onError },
      onGone: (entry) => this.#claimGone(entry),
      onLook: (pastMs) => this.#giveBackUnused(pastMs),
    });
    this.#ready = new FairQueue({
      alive: ({ home, dropped }) => home.alive && !dropped,
      shareOf,
    });
    this.appetite = new Appetite(clock, () => this.#ready.startable);
    this.#seat = parts.slots.join(job.queue, (slots) => this.#takeSlots(slots), job.concurrency);
    tenants.onTierChanged((tenant) => this.#ready.refresh(tenant));
    parts.control.join(job, { ready: this.#ready, seat: this.#seat, runner: this.#runner });
    const skipsFull = jobSettings.queueTimeoutMs === 0 && this.#course.full !== undefined;
    this.#gates = parts.limits.gatesOf(job, {
      ...{ course: this.#course, ready: this.#ready, seat: this.#seat, runner: this.#runner },
      mayStart: this.#mayStart,
      begin: (entry) => this.#begin(entry),
      full: skipsFull ? (entry) => this.#skipAsFull(entry) : undefined,
      ...{ letGo: (entry) => this.#letGo(entry), giveBack: (entry) => this.#giveBack(entry) },
      ...{ take: (entry, step) => this.#take(entry, step), again: (entry) => this.#again(entry) },
    });
  }

  /** Takes in an entry that may start as far as its order goes. */
  add(entry: Entry): void {
    this.#ready.push(entry, entry.delivery.tenant, entry.delivery.priority);
    const { queueTimeoutMs } = this.#parts.jobSettings;
    if (queueTimeoutMs === 0) this.#seat.wakeNow();
    else this.#seat.wake();
    this.#claimAhead();
    if (entry.holds !== 'nothing' || queueTimeoutMs !== 0) return;
    entry.foundFull = !this.#ready.isBarred;
    if (entry.foundFull && this.#gates?.waits(entry) !== true) this.#skipAsFull(entry);
  }

  /** Forgets what waits and belongs to partitions that were lost. */
  prune(): void {
    this.#ready.prune();
  }

  /** Takes nothing new; claims that have not led to a start are given back. */
  stopTaking(): void {
    this.#isOpen = false;
    for (const entry of this.#ahead.takeAll()) this.#giveBack(entry);
  }

  /** Ends every run that is still under way: its signal aborts. */
  revokeAll(): void {
    this.#runner.revokeAll();
  }

  handlersEnded(): Promise<void> {
    return this.#runner.allEnded();
  }

  close(): void {
    this.#isOpen = false;
    this.appetite.close();
    this.#leases.close();
    this.#runner.close();
  }

  get running(): number {
    return this.#runner.running;
  }

  /** Entries claimed, running or being settled. */
  get underWay(): number {
    return this.#underWay;
  }

  /** Starts as many entries as there are slots for; answers how many it took. */
  #takeSlots(slots: number): number {
    let taken = 0;
    for (; taken < slots && this.#isOpen; taken += 1) {
      const granted = this.#nextGranted(slots - taken);
      const entry = granted ?? this.#ready.shift();
      if (entry === undefined) break;
      if (entry.holds === 'ahead') this.#aheadCount -= 1;
      entry.holds = 'slot';
      if (granted !== undefined) this.#start(entry);
      else if (this.#gates === undefined) this.#begin(entry);
      else this.#gates.enter(entry);
    }
    this.appetite.started();
    return taken;
  }

  #claimAhead(): void {
    if (!this.#isOpen || this.#gates !== undefined || !this.#ready.ready) return;
    const allowance = this.#ahead.allowance;
    while (this.#aheadCount < allowance) {
      const entry = this.#ready.shift();
      if (entry === undefined) break;
      this.#aheadCount += 1;
      entry.holds = 'ahead';
      this.#begin(entry);
    }
    this.appetite.started();
  }

  #nextGranted(slots: number): Entry | undefined {
    for (let entry = this.#ahead.take(slots); entry !== undefined; entry = this.#ahead.take(slots)) {
      if (entry.home.alive) return entry;
      this.#giveBack(entry);
    }
    return undefined;
  }

  /** Its queue would rather skip than wait: there was no slot when it came. */
  #skipAsFull(entry: Entry): void {
    if (entry.underWay || this.#course.full === undefined) return;
    entry.dropped = true;
    this.#enter(entry);
    this.#take(entry, this.#course.full(entry));
  }

  #begin(entry: Entry): void {
    this.#enter(entry);
    const step = this.#course.unclaimed(entry);
    if (step === undefined) this.#course.ask(entry);
    else this.#take(entry, step);
  }

  #grantedTo(entry: Entry): void {
    this.#leases.keep(entry);
    if (!this.#mayStart(entry)) this.#giveBack(entry);
    else if (entry.holds === 'slot') this.#start(entry);
    else {
      this.#ahead.granted(entry);
      this.#seat.wake();
    }
  }

  #start(entry: Entry): void {
    if (this.#parts.control.keeps(this.#parts.job, entry)) this.#giveBack(entry);
    else if (entry.run !== undefined) (this.#gates ?? this.#runner).start(entry, entry.run);
  }

  #ended(entry: Entry, run: RunFacts, end: RunEnd): void {
    this.#ahead.ended();
    this.#letGo(entry);
    if (end.kind === 'returned') this.#course.ended(entry, run, { type: 'job.completed', runMs: end.runMs });
    else if (end.kind === 'skipped')
      this.#course.ended(entry, run, { type: 'job.skipped', reason: end.reason });
    else if (end.kind === 'released') this.#take(entry, this.#course.release(entry, run));
    else this.#take(entry, this.#course.threw(entry, run, end.runMs, end.error));
    this.#claimAhead();
  }

  /** Goes the slow way: the step comes later, and until then no slot is held. */
  #take(entry: Entry, step: Promise<Step>): void {
    this.#letGo(entry);
    step.then(
      (known) => this.#follow(entry, known),
      (error: unknown) => {
        this.#leave(entry);
        this.#parts.onError(error);
      },
    );
  }

  #follow(entry: Entry, step: Step): void {
    if (step.kind === 'settle') {
      this.#over(entry);
      return;
    }
    this.#leave(entry);
    if (step.kind === 'report') step.report();
    else this.#parts.clock.after(step.delayMs, () => this.#again(entry));
  }

  #over(entry: Entry): void {
    this.#leave(entry);
    this.#parts.onOver(entry);
  }

  #enter(entry: Entry): void {
    entry.underWay = true;
    this.#underWay += 1;
  }

  #leave(entry: Entry): void {
    this.#leases.drop(entry);
    this.#parts.dependencies.left(entry);
    entry.run = undefined;
    entry.underWay = false;
    this.#underWay -= 1;
  }

  /** Gives back what it takes up; its tenant may start another. */
  #letGo(entry: Entry): void {
    const { holds } = entry;
    if (holds === 'nothing') return;
    entry.holds = 'nothing';
    this.#ready.ended(entry.delivery.tenant);
    if (holds === 'ahead') this.#aheadCount -= 1;
    else this.#seat.release();
    this.#gates?.leave(entry);
    if (this.#ready.ready) this.#seat.wake();
  }

  #again(entry: Entry): void {
    if (this.#mayStart(entry)) this.add(entry);
  }

  #claimGone(entry: Entry): void {
    if (!this.#ahead.forget(entry) && this.#gates?.claimGone(entry) !== true) {
      this.#runner.revoke(entry);
      return;
    }
    this.#letGo(entry);
    this.#follow(entry, this.#course.gone(entry));
  }

  /** What was claimed ahead and has found no slot for a whole look would be counted as a start if this process died. */
  #giveBackUnused(pastMs: number): void {
    for (const entry of this.#ahead.takeOlder(this.#parts.clock.nowMs() - pastMs)) this.#giveBack(entry);
  }

  #giveBack(entry: Entry): void {
    if (entry.run !== undefined) this.#take(entry, this.#course.release(entry, entry.run));
  }
}
