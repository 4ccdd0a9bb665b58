import { placeOfTurn } from '../../src/core/order/replay-turn.ts';
import type { OrderClaimAnswer, OrderClaimRequest, PlacedId } from '../../src/core/ports/order-state.ts';
import { claimInOrder } from '../../src/state/memory/order-claim-rules.ts';
import { inspect } from '../../src/state/memory/order-settlement-rules.ts';
import { type Arrived, nameOf, type World } from './world.ts';

const TTL_MS = 1e10;

/** A record as the store knows it. */
export const placed = (record: Arrived, where: PlacedId['where']): PlacedId => ({
  ...{ jobType: 'job', tenant: 'acme', partition: `events/${record.partition}`, orderKey: record.duty.key },
  ...{ idempotencyKey: record.duty.event, jobId: `job-${record.duty.event}` },
  // One hop to the dead letter, one back.
  hop: 2 * (record.replays ?? 0),
  place: record.turn === undefined ? record.place : placeOfTurn(record.turn),
  ...{ where, ttlMs: TTL_MS },
});

/** What becomes of a direct worker's knowledge in a claim. */
export interface Knowledge {
  readonly parkedEnd: number;
  readonly known?: number;
  readonly replaysOver?: boolean;
}

let runs = 0;

/** A claim; the same request is sent again when its answer is lost or too old. */
export const claimOf = (
  world: World,
  record: Arrived,
  where: PlacedId['where'],
  knowledge: Knowledge,
): OrderClaimRequest => {
  const { maxAttempts, maxStarts, leaseMs } = world.plan;
  runs += 1;
  return {
    ...placed(record, where),
    ...witnessed(world, record, knowledge),
    origin: `events/${record.partition}/${record.place}`,
    replaysOver: knowledge.replaysOver === true && !world.plan.without.has('replays-over'),
    ...{ attempt: 1, starts: 0, maxAttempts, maxStarts, leaseMs, run: `run-${runs}` },
  };
};

/** What goes with claims and parks of the direct way. */
export const witnessed = (world: World, record: Arrived, { parkedEnd, known }: Knowledge) => ({
  waitingPartition: record.partition,
  parkedEnd: world.plan.without.has('witness') ? 0 : parkedEnd,
  ...(known === undefined || world.plan.without.has('known') ? {} : { known }),
});

/** Asks, and notes what was answered. */
export const claim = (
  world: World,
  request: OrderClaimRequest,
  record: Arrived,
  by: number,
): OrderClaimAnswer => {
  const answer = world.plan.without.has('skip-passes')
    ? claimWithoutPassing(world, request)
    : claimInOrder(world.table, request);
  world.note(() => {
    const { parked, passed, replay } = inspect(world.table, request);
    const plan = replay === undefined ? '' : ` ${replay.plan} ${replay.state} ${replay.done}/${replay.count}`;
    return `p${by} ${request.where} claims ${nameOf(record)}: ${answer.kind} [${parked ?? '-'} ${passed ?? '-'}${plan}]`;
  });
  return answer;
};

/** The rule broken: a repeated event that is skipped leaves its sequence where it was. */
const claimWithoutPassing = (world: World, request: OrderClaimRequest): OrderClaimAnswer => {
  const { order } = world.table;
  const before = order.sequence(request);
  const answer = claimInOrder(world.table, request);
  const after = order.sequence(request);
  if (after !== undefined && (answer.kind === 'done' || answer.kind === 'superseded')) {
    order.setSequence(request, { ...after, passed: before?.passed ?? -1 }, TTL_MS);
  }
  return answer;
};
