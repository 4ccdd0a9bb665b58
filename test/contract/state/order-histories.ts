import fc from 'fast-check';
import { placeOfTurn } from '../../../src/core/order/replay-turn.ts';
import type { OrderClaimAnswer, OrderedStateStore, PlacedId } from '../../../src/core/ports/order-state.ts';

/** Lives longer than a test, so that only the calls decide what is alive. */
const FOR_EVER_MS = 3_600_000;

/** Small, so that requests meet: two keys, five places, four events among them. */
const records = fc.record({
  orderKey: fc.constantFrom('a', 'a', 'b'),
  place: fc.constantFrom(1, 2, 3, 4, 5),
  event: fc.constantFrom('own', 'own', 'own', 'e1', 'e2'),
  where: fc.constantFrom('direct' as const, 'direct' as const, 'waiting' as const),
  hop: fc.constantFrom(0, 0, 0, 1),
  /** On the waiting topic: the index of its turn in a plan. */
  turn: fc.constantFrom(undefined, undefined, undefined, 1, 2),
  plan: fc.constantFrom(1, 1, 2),
});
/** Ends at once, or never. */
const lease = fc.constantFrom(0, FOR_EVER_MS);
/** Which of the fences given out so far, counted from the latest; past the first one: a fence nobody had. */
const fence = fc.constantFrom(0, 0, 0, 1, 1, 2, 99);
/** Mostly about the record whose fence is used, sometimes about another. */
const aimed = fc.constantFrom(true, true, true, true, false);
const bytes = fc.option(
  fc.uint8Array({ maxLength: 4 }).map((data) => Buffer.from(data)),
  { nil: undefined },
);
const reason = fc.constantFrom(undefined, undefined, 'unrecoverable' as const, 'max_age' as const);

const claims = fc.record({
  ...{ call: fc.constant('claim' as const), record: records, lease },
  attempt: fc.integer({ min: 1, max: 4 }),
  starts: fc.integer({ min: 0, max: 4 }),
  run: fc.constantFrom('r1', 'r2'),
  known: fc.constantFrom(undefined, undefined, undefined, 1, 3),
  parkedEnd: fc.constantFrom(0, 0, 0, 2, 6),
  replaysOver: fc.constantFrom(undefined, false, true),
});
const others = fc.record({
  call: fc.constantFrom(
    ...(['park', 'park', 'fail', 'fail', 'complete', 'complete', 'dead', 'dead', 'register'] as const),
    ...(['hold', 'lift', 'condemn', 'renew', 'release', 'told', 'unordered'] as const),
    ...(['hold', 'prepare', 'prepare', 'prepare', 'begin', 'begin', 'begin', 'cancel'] as const),
  ),
  ...{ record: records, aimed, fence, lease, bytes, reason },
  attempt: fc.integer({ min: 1, max: 4 }),
  known: fc.constantFrom(undefined, undefined, 2, 4),
  parkedEnd: fc.constantFrom(0, 0, 0, 2, 6),
  after: fc.constantFrom(0, 2, 4),
  upTo: fc.constantFrom(2, 4, 6),
  flag: fc.boolean(),
});

type Claim = typeof claims extends fc.Arbitrary<infer T> ? T : never;
type Other = typeof others extends fc.Arbitrary<infer T> ? T : never;
interface Named {
  readonly orderKey: string;
  readonly place: number;
  readonly event: string;
  readonly where: PlacedId['where'];
  readonly hop: number;
  readonly turn?: number | undefined;
  readonly plan?: number;
}

/** One call; up to three claims are one batch. */
export type OrderStep = readonly Claim[] | Other;

/** Random calls, claims most often. */
export const orderHistories: fc.Arbitrary<readonly OrderStep[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.array(claims, { minLength: 1, maxLength: 3 }) },
    { weight: 5, arbitrary: others },
  ),
  { minLength: 30, maxLength: 40, size: 'max' },
);

interface Grant {
  readonly fence: number;
  readonly record: Named;
}

const NOBODYS_FENCE = 7;

/** Plays histories on one store; fences are named by their order, times are left out, so that answers can be compared. */
export class OrderPlayer {
  readonly #store: OrderedStateStore;
  readonly #jobType: string;
  readonly #grants: Grant[] = [];

  /** `jobType` sets a history apart from all others on the same store. */
  constructor(store: OrderedStateStore, jobType: string) {
    this.#store = store;
    this.#jobType = jobType;
  }

  /** After each call its answer and what is known of both sequences, comparable. */
  async play(history: readonly OrderStep[]): Promise<readonly string[]> {
    const seen: string[] = [];
    for (const step of history) {
      const answer = 'call' in step ? await this.#ask(step) : await this.#claim(step);
      const states = await this.#store.order.inspect(
        ['a', 'b'].map((orderKey) =>
          this.#placed({ orderKey, place: 0, event: 'own', where: 'direct', hop: 0 }),
        ),
      );
      seen.push(
        JSON.stringify([answer ?? 'nothing', states], (name, value) => this.#comparable(name, value)),
      );
    }
    return seen;
  }

  async #claim(step: readonly Claim[]): Promise<unknown> {
    const answers = await this.#store.order.claim(
      step.map((claim) => ({
        ...this.#placed(claim.record),
        ...{ origin: `origin-${claim.record.place}`, waitingPartition: 0, parkedEnd: claim.parkedEnd },
        ...(claim.known === undefined ? {} : { known: claim.known }),
        ...(claim.replaysOver === undefined ? {} : { replaysOver: claim.replaysOver }),
        ...{ attempt: claim.attempt, starts: claim.starts, maxAttempts: 3, maxStarts: 4 },
        ...{ leaseMs: claim.lease, run: claim.run },
      })),
    );
    for (const [i, answer] of answers.entries()) this.#noteGrant(answer, step[i]?.record);
    return answers;
  }

  #noteGrant(answer: OrderClaimAnswer, record: Named | undefined): void {
    if (record === undefined || (answer.kind !== 'run' && answer.kind !== 'dead')) return;
    if (this.#ordinal(answer.fence) < 0) this.#grants.push({ fence: answer.fence, record });
  }

  /** What `complete` and `told` say alike of a mark. */
  #originOf(fence: number): string {
    return `the origin of fence ${this.#ordinal(fence)}`;
  }

  #ask(step: Other): Promise<unknown> {
    const { order } = this.#store;
    const grant = this.#grants[this.#grants.length - 1 - step.fence];
    const record = step.aimed ? (grant?.record ?? step.record) : step.record;
    const placed = this.#placed(step.flag ? record : { ...record, where: 'direct' });
    const held = { ...placed, fence: grant?.fence ?? NOBODYS_FENCE, leaseMs: step.lease };
    const ended = {
      ...held,
      origin: `origin-${placed.place}`,
      doneTtlMs: FOR_EVER_MS,
      deadTtlMs: FOR_EVER_MS,
    };
    switch (step.call) {
      case 'park': {
        const known = step.known === undefined ? {} : { known: step.known };
        const { flag: follows, parkedEnd } = step;
        return order.park([{ ...placed, waitingPartition: 0, parkedEnd, follows, ...known }]);
      }
      case 'fail':
        return order.fail([this.#failOf(step, held)]);
      case 'complete':
        return order.complete([
          { ...ended, origin: this.#originOf(held.fence), event: step.bytes ?? Buffer.alloc(0) },
        ]);
      case 'dead':
        return order.dead([{ ...ended, hold: step.known === 2 }]);
      case 'register':
        return order.register([this.#registerOf(step, placed)]);
      default:
        return this.#askMore(step, placed, held);
    }
  }

  #askMore(
    step: Other,
    placed: PlacedId,
    held: PlacedId & { fence: number; leaseMs: number },
  ): Promise<unknown> {
    const { order } = this.#store;
    switch (step.call) {
      case 'hold':
        return step.flag ? order.hold([{ ...placed, dead: step.attempt }]) : order.lift([placed]);
      case 'prepare':
        return order.prepare([{ ...placed, plan: step.record.plan, by: 'someone' }]);
      case 'begin':
        return this.#begin(step, placed);
      case 'cancel':
        return order.cancel([{ ...placed, plan: step.record.plan }]);
      case 'condemn':
        return order.condemn([{ ...placed, reason: step.reason ?? 'unrecoverable' }]);
      case 'renew':
        return this.#store.renew([held]);
      case 'release':
        return this.#store.release([held]);
      case 'told':
        return this.#store.told([{ ...held, origin: this.#originOf(held.fence), doneTtlMs: FOR_EVER_MS }]);
      case 'unordered':
        return this.#store.decide([this.#decisionOf(step, held)]);
      default:
        return order.lift([placed]);
    }
  }

  /** Often of a plan that is prepared just now, and with what has died by now. */
  async #begin({ flag, attempt, reason: why, record: { plan } }: Other, placed: PlacedId): Promise<unknown> {
    const { order } = this.#store;
    if (why === undefined) await order.hold([{ ...placed, dead: 1 }]);
    if (why === undefined) await order.prepare([{ ...placed, plan, by: 'someone' }]);
    const [state] = await order.inspect([placed]);
    return order.begin([{ ...placed, plan, dead: flag ? (state?.held ?? 0) : attempt, count: 2 }]);
  }

  #failOf(step: Other, held: PlacedId & { fence: number; leaseMs: number }) {
    return {
      ...{ ...held, attempt: step.attempt, delayMs: step.lease },
      ...(step.reason === undefined ? {} : { dead: step.reason }),
      ...(step.bytes === undefined ? {} : { note: step.bytes }),
    };
  }

  /** From before the type was ordered. */
  #decisionOf(step: Other, held: PlacedId & { fence: number }) {
    const origin = `origin-${held.place}`;
    return { ...held, position: origin, origin, decision: step.bytes ?? Buffer.alloc(0) };
  }

  #registerOf(step: Other, placed: PlacedId) {
    const copies = step.aimed ? [{ sequence: placed, place: placed.place }] : [];
    const { after, upTo } = step;
    return { jobType: this.#jobType, waitingPartition: 0, copies, after, upTo, ttlMs: FOR_EVER_MS };
  }

  #placed({ orderKey, place: logged, event, where, hop, turn, plan = 1 }: Named): PlacedId {
    const id = event === 'own' ? `${orderKey}-${logged}` : event;
    const isTurn = turn !== undefined && where === 'waiting';
    const place = isTurn ? placeOfTurn({ plan, index: turn }) : logged;
    return {
      ...{ jobType: this.#jobType, tenant: 'acme', partition: 'events/0', orderKey, place, where, hop },
      ...{ idempotencyKey: `key-${id}`, jobId: `job-${id}`, ttlMs: FOR_EVER_MS },
    };
  }

  #ordinal(fence: number): number {
    return this.#grants.findIndex((grant) => grant.fence === fence);
  }

  #comparable(name: string, value: unknown): unknown {
    if (name === 'untilMs' || name === 'nowMs') return 'a time';
    if (name === 'dueMs') return value === 0 ? 'at once' : 'a time';
    return name === 'fence' && typeof value === 'number' ? `fence ${this.#ordinal(value)}` : value;
  }
}
