import type { PlacedId } from '../../src/core/ports/order-state.ts';
import { placed } from './requests.ts';
import type { SimProcess } from './sim-process.ts';
import { one, when } from './store.ts';
import { type Arrived, nameOf } from './world.ts';

/** Whom a run tells how it ended. */
export interface RunReport {
  ended(): void;
  failed(dueMs: number): void;
  lost(): void;
}

export interface Claimed {
  readonly record: Arrived;
  readonly where: PlacedId['where'];
  readonly fence: number;
}

const TTL_MS = 1e10;

/** One start of a handler under its claim: renews, runs, and does what its duty says. */
export class Run {
  readonly #process: SimProcess;
  readonly #claimed: Claimed;
  readonly #attempt: number;
  readonly #report: RunReport;
  #isOver = false;

  constructor(process: SimProcess, claimed: Claimed, attempt: number, report: RunReport) {
    this.#process = process;
    this.#claimed = claimed;
    this.#attempt = attempt;
    this.#report = report;
  }

  start(): void {
    const { world } = this.#process;
    const { duty } = this.#claimed.record;
    world.starts.set(duty.event, (world.starts.get(duty.event) ?? 0) + 1);
    this.#process.after(duty.runMs, () => this.#handlerEnds());
    this.#renewLater();
  }

  #renewLater(): void {
    const { world } = this.#process;
    const { leaseMs } = world.plan;
    this.#process.after(leaseMs / 3, () => {
      if (this.#isOver) return;
      const request = { ...this.#placed, fence: this.#claimed.fence, leaseMs };
      this.#process.call(
        () => one(world.store.renew, request),
        (answer) => {
          if (this.#isOver) return;
          if (answer === 'gone') this.#end(() => this.#report.lost());
          else this.#renewLater();
        },
      );
    });
  }

  get #placed(): PlacedId {
    return placed(this.#claimed.record, this.#claimed.where);
  }

  #end(report: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    report();
  }

  #handlerEnds(): void {
    if (this.#isOver) return;
    const { world } = this.#process;
    const { record, fence } = this.#claimed;
    const { event, kills, fails } = mended(record) ? { ...record.duty, kills: 0, fails: 0 } : record.duty;
    const killed = world.killed.get(event) ?? 0;
    if (killed < kills && !record.probe) {
      world.killed.set(event, killed + 1);
      this.#process.crash();
    } else if (this.#attempt <= fails) this.#fails();
    else if (world.effect(record, fence)) this.#completes();
    else this.#isRefused();
  }

  #isRefused(): void {
    const { world } = this.#process;
    const request = { ...this.#placed, fence: this.#claimed.fence, leaseMs: 0 };
    world.note(() => `p${this.#process.id} ${nameOf(this.#claimed.record)} is refused by the sink`);
    this.#process.call(
      () => world.store.release([request]),
      () => this.#end(() => this.#report.lost()),
    );
  }

  #completes(): void {
    const { world } = this.#process;
    const { record, where, fence } = this.#claimed;
    const request = {
      ...{ ...this.#placed, fence, origin: `events/${record.partition}/${record.place}` },
      ...{ event: Buffer.alloc(0), doneTtlMs: TTL_MS },
    };
    this.#process.call(
      () =>
        when(one(world.store.complete, request), (answer) => {
          if (answer === 'completed' || answer === 'adopted') world.ended(record, 'completed', where);
          return answer;
        }),
      (answer) => this.#end(() => (answer === 'fenced' ? this.#report.lost() : this.#report.ended())),
    );
  }

  #fails(): void {
    const { world } = this.#process;
    const { maxAttempts, backoffMs, leaseMs } = world.plan;
    const isDead = this.#attempt >= maxAttempts;
    const request = {
      ...{ ...this.#placed, fence: this.#claimed.fence, attempt: this.#attempt + 1, leaseMs },
      delayMs: isDead ? 0 : backoffMs,
      ...(isDead ? { dead: 'attempts_exhausted' as const } : {}),
    };
    this.#process.call(
      () => one(world.store.fail, request),
      (answer) => {
        world.note(() => `p${this.#process.id} ${nameOf(this.#claimed.record)} failed: ${answer}`);
        if (answer === 'lost') this.#end(() => this.#report.lost());
        else if (isDead)
          bury(this.#process, this.#claimed, (report) => this.#end(() => report(this.#report)));
        else this.#end(() => this.#report.failed(world.nowMs + backoffMs));
      },
    );
  }
}

/** What made it die is mended before it is replayed for the first or for the second time. */
const mended = ({ duty, replays = 0 }: Arrived): boolean => replays > Number(duty.event) % 2;

/** Writes the dead letter and marks the record. */
export const bury = (
  process: SimProcess,
  { record, where, fence }: Claimed,
  then: (report: (to: RunReport) => void) => void,
): void => {
  const { world } = process;
  const request = {
    ...{ ...placed(record, where), fence, origin: `events/${record.partition}/${record.place}` },
    ...{ hold: world.plan.hold, deadTtlMs: TTL_MS },
  };
  process.after(world.plan.random.between(0.5, 4), () => {
    world.letters.push(record);
    world.note(() => `p${process.id} dead letter of ${nameOf(record)}`);
    process.call(
      () =>
        when(one(world.store.dead, request), (answer) => {
          if (answer === 'completed' || answer === 'adopted') world.ended(record, 'dead', where);
          return answer;
        }),
      (answer) => then((to) => (answer === 'fenced' ? to.lost() : to.ended())),
    );
  });
};
