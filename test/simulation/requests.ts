import { placeOfTurn } from '../../src/core/order/replay-turn.ts';
import type {
  OrderClaimAnswer,
  OrderClaimRequest,
  PlacedId,
  SequenceState,
} from '../../src/core/ports/order-state.ts';
import { type Soon, when } from './store.ts';
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
  requests: readonly OrderClaimRequest[],
  records: readonly Arrived[],
  by: number,
): Soon<readonly OrderClaimAnswer[]> => {
  const { store } = world;
  return when(store.claim(requests), (answers) => {
    if (!world.isTraced) return answers;
    return when(store.inspect(requests), (states) => {
      answers.forEach(({ kind }, i) => {
        const [record, request] = [records[i], requests[i]];
        if (record === undefined || request === undefined) return;
        world.note(
          () => `p${by} ${request.where} claims ${nameOf(record)}: ${kind} ${stateWords(states[i])}`,
        );
      });
      return answers;
    });
  });
};

const stateWords = ({ parked, passed, replay }: Partial<SequenceState> = {}): string => {
  const plan = replay === undefined ? '' : ` ${replay.plan} ${replay.state} ${replay.done}/${replay.count}`;
  return `[${parked ?? '-'} ${passed ?? '-'}${plan}]`;
};
