import type { OrderClaimAnswer, OrderClaimRequest } from '../../src/core/ports/order-state.ts';
import { claim, claimOf, type Knowledge } from './requests.ts';
import { bury, Run, type RunReport } from './run.ts';
import type { SimProcess } from './sim-process.ts';
import type { Arrived } from './world.ts';

/** The side of both machines that hears what becomes of a record. */
interface Machine<H> {
  answered(handed: H, answer: OrderClaimAnswer, nowMs: number): void;
  ended(handed: H, nowMs: number): void;
  failed(handed: H, dueMs: number, nowMs: number): void;
  lost(handed: H, nowMs: number): void;
}

/** Whom the claims are made for. */
interface Claimant<H> {
  readonly process: SimProcess;
  readonly where: 'direct' | 'waiting';
  readonly machine: Machine<H>;
  /** Whether the partition is still owned. */
  isLive(): boolean;
  /** Does what the machine says next. */
  pump(): void;
}

/** A record that a machine wants claimed. */
export interface Wanted<H> {
  readonly handed: H;
  readonly knowledge: Knowledge;
}

/** Claims records for one machine and does what is answered: runs, buries, skips, or gives back. */
export class Claims<H extends { readonly record: Arrived }> {
  readonly #claimant: Claimant<H>;

  constructor(claimant: Claimant<H>) {
    this.#claimant = claimant;
  }

  /** Asks in one call, in this order. */
  ask(wanted: readonly Wanted<H>[]): void {
    const { process, where } = this.#claimant;
    const { world } = process;
    this.#call(
      wanted.map(({ handed, knowledge }) => ({
        handed,
        request: claimOf(world, handed.record, where, knowledge),
      })),
    );
  }

  #call(asked: readonly { readonly handed: H; readonly request: OrderClaimRequest }[]): void {
    const { process, pump } = this.#claimant;
    const { world, id } = process;
    const askedMs = world.nowMs;
    process.call(
      () =>
        claim(
          world,
          asked.map(({ request }) => request),
          asked.map(({ handed }) => handed.record),
          id,
        ),
      (answers) => {
        answers.forEach((answer, i) => {
          const one = asked[i];
          if (one !== undefined) this.#answered(one.handed, one.request, answer, askedMs);
        });
        pump();
      },
    );
  }

  #answered(handed: H, request: OrderClaimRequest, answer: OrderClaimAnswer, askedMs: number): void {
    const { process, machine, isLive } = this.#claimant;
    const { world } = process;
    if (!isLive()) {
      if (answer.kind === 'run' || answer.kind === 'dead') this.#giveBack(request, answer.fence);
    } else if (answer.kind === 'run' && world.nowMs - askedMs > world.plan.leaseMs / 2) {
      // An old right to run is no right: the lease may be over.
      this.#call([{ handed, request }]);
    } else {
      machine.answered(handed, answer, world.nowMs);
      this.#follow(handed, answer);
    }
  }

  #follow(handed: H, answer: OrderClaimAnswer): void {
    const { process, where } = this.#claimant;
    const { record } = handed;
    const report = this.#reportOf(handed);
    if (answer.kind === 'run') {
      new Run(process, { record, where, fence: answer.fence }, answer.attempt, report).start();
    } else if (answer.kind === 'dead') {
      bury(process, { record, where, fence: answer.fence }, (tell) => tell(report));
    } else if (answer.kind === 'done' || answer.kind === 'superseded') {
      process.after(process.world.plan.random.between(0.1, 2), () => report.ended());
    }
  }

  #giveBack(request: OrderClaimRequest, fence: number): void {
    const { process } = this.#claimant;
    process.call(
      () => process.world.store.release([{ ...request, fence }]),
      () => undefined,
    );
  }

  #reportOf(handed: H): RunReport {
    const { process, machine, pump } = this.#claimant;
    const { world } = process;
    const tell = (what: () => void) => () => {
      what();
      pump();
    };
    return {
      ended: tell(() => machine.ended(handed, world.nowMs)),
      lost: tell(() => machine.lost(handed, world.nowMs)),
      failed: (dueMs) => tell(() => machine.failed(handed, dueMs, world.nowMs))(),
    };
  }
}
