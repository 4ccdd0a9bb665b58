import type { Accepted } from '../../consumers/dead-letters/index.ts';
import type { Delivery } from '../../consumers/delivery.ts';
import type { AppDefinition } from '../../core/app.ts';
import type { Clock } from '../../core/clock.ts';
import type { JobHeaders } from '../../core/envelope.ts';
import type { JobDefinition } from '../../core/job.ts';
import { names } from '../../core/names.ts';
import type { SequenceState } from '../../core/ports/order-state.ts';
import type { ClaimState } from '../../core/ports/state.ts';
import { type ConsumedRecord, formatPosition, type RecordPosition } from '../../core/record.ts';
import type { Backend } from '../backend.ts';
import type { WindowFacts } from './control-values.ts';
import type { Judged, RecordJudge, Verdict } from './judged.ts';
import { buriedFor, expiredFor, WorkerIntakes } from './worker-intakes.ts';

export interface EventJudgeParts {
  readonly app: AppDefinition;
  readonly backend: Pick<Backend, 'broker' | 'serde' | 'state'>;
  readonly clock: Clock;
  readonly planId: string;
  readonly window: WindowFacts;
  /** Whether those that do not decode go too, to become dead letters. */
  readonly undecodable: boolean;
}

/** What is known of a record's job. */
interface Known {
  readonly claim: ClaimState | undefined;
  /** The last hop that was decided about; -1 for none. */
  readonly lastHop: number;
  /** Of ordered job types: what its ordering key waits for in the record's own partition. */
  readonly sequence: SequenceState | undefined;
  /** Whether its job type has not come to it yet. */
  readonly isAhead: boolean;
}

interface Found {
  readonly verdict: Verdict;
  readonly detail?: string;
}

const US_PER_MS = 1_000;
const LONGEST_ORDER_KEY_BYTES = 256;

/** What its key waits for where the record stands: a copy on the inbox would overtake it. */
const heldBy = ({ sequence }: Known): string | undefined => {
  if (sequence?.held !== undefined)
    return 'its ordering key is held by a dead letter: `esteira replay plan` replays that in its order';
  return sequence?.diverted === true
    ? 'its ordering key waits behind a job that is tried again: what goes past it would break the order'
    : undefined;
};

/** The headers of the copy: the job that the event is, from its own beginning, above every copy that there may be. */
const headersOf = (delivery: Delivery, planId: string, lastHop: number, forced: boolean): JobHeaders => {
  const { id, type, priority, orderKey } = delivery.job;
  const isShort = orderKey !== undefined && Buffer.byteLength(orderKey) <= LONGEST_ORDER_KEY_BYTES;
  return {
    ...{ id, type, attempt: 1, starts: 0, hop: Math.max(0, lastHop) + 1, replayCount: 1 },
    ...{ replayId: planId, replayOf: formatPosition(delivery.record) },
    ...(priority === undefined ? {} : { priority }),
    ...(isShort ? { orderKey } : {}),
    ...(forced ? { forcedBy: planId } : {}),
  };
};

/** Without the bytes, which are not kept of what is not written. */
const positionOf = ({ topic, partition, offset }: ConsumedRecord): RecordPosition => ({
  topic,
  partition,
  offset,
});

/** Says what is to become of records of an event topic for one job type. */
export class EventJudge implements RecordJudge {
  readonly #parts: EventJudgeParts;
  readonly #intakes: WorkerIntakes;

  constructor(parts: EventJudgeParts) {
    this.#parts = parts;
    this.#intakes = new WorkerIntakes(parts.app, parts.backend);
  }

  async judge(job: JobDefinition<unknown>, records: readonly ConsumedRecord[]): Promise<readonly Judged[]> {
    const deliveries: (Delivery | undefined)[] = [];
    for (const record of records) deliveries.push(await this.#intakes.whereItStands(job, record));
    const own = deliveries.filter((delivery) => delivery !== undefined);
    const known = own.length === 0 ? [] : await this.#lookUp(job, own);
    let at = 0;
    return records.map((record, index) => {
      const delivery = deliveries[index];
      if (delivery === undefined) return { record, verdict: 'other' };
      const facts = known[at++];
      return facts === undefined
        ? { record, verdict: 'other' }
        : this.#judgeOne(job, record, delivery, facts);
    });
  }

  async #lookUp(job: JobDefinition<unknown>, own: readonly Delivery[]): Promise<readonly Known[]> {
    const { state } = this.#parts.backend;
    const [claims, hops, sequences, next] = await Promise.all([
      state.inspect(own.map(({ claim }) => claim)),
      state.lastHops(own.map(({ claim, job: { id } }) => ({ ...claim, jobId: id }))),
      this.#sequences(job, own),
      this.#nextOf(job, own),
    ]);
    return own.map(({ record }, index) => ({
      ...{ claim: claims[index], lastHop: hops[index] ?? -1, sequence: sequences[index] },
      isAhead: next !== undefined && record.offset >= next,
    }));
  }

  async #sequences(
    { type, ordered }: JobDefinition<unknown>,
    own: readonly Delivery[],
  ): Promise<readonly (SequenceState | undefined)[]> {
    if (!ordered) return [];
    return this.#parts.backend.state.order.inspect(
      own.map(({ tenant, order }) => ({
        ...{ jobType: type, tenant, partition: order?.partition ?? '', orderKey: order?.orderKey ?? '' },
      })),
    );
  }

  /** The first offset that the job type has not settled, in the partition of these records; undefined for none. */
  async #nextOf({ type }: JobDefinition<unknown>, own: readonly Delivery[]): Promise<bigint | undefined> {
    const { app, backend } = this.#parts;
    const at = own[0]?.record;
    if (at === undefined) return undefined;
    const offsets = await backend.broker.admin.committedOffsets(names.jobGroup(app.name, type), at.topic);
    return offsets.find(({ partition }) => partition === at.partition)?.offset;
  }

  #judgeOne(job: JobDefinition<unknown>, record: ConsumedRecord, delivery: Delivery, known: Known): Judged {
    const { planId } = this.#parts;
    const { verdict, detail } = this.#find(job, delivery, known);
    const forced = verdict === 'forced';
    const accepted: Accepted = {
      letter: { at: positionOf(record), job, envelope: delivery.envelope },
      headers: headersOf(delivery, planId, known.lastHop, forced),
      event: forced ? 'forced' : 'window',
    };
    return { record, verdict, accepted, ...(detail === undefined ? {} : { detail }) };
  }

  #find(job: JobDefinition<unknown>, delivery: Delivery, known: Known): Found {
    const burial = buriedFor(delivery);
    if (burial !== undefined && !this.#parts.undecodable) return { verdict: 'undecodable', detail: burial };
    const { claim, isAhead } = known;
    if (claim?.kind === 'done' && !this.#isForced(claim.fence))
      return { verdict: 'done', detail: 'its job is done' };
    if (claim?.kind !== 'done' && isAhead)
      return { verdict: 'ahead', detail: 'its job type has not come to it yet, and will by itself' };
    const age = expiredFor(job, delivery, this.#parts.clock.nowMs());
    if (age !== undefined) return { verdict: 'expired', detail: age };
    const detail = heldBy(known);
    if (detail !== undefined) return { verdict: 'held', detail };
    return { verdict: claim?.kind === 'done' ? 'forced' : 'replay' };
  }

  /** A fence is the store's time in microseconds, at least: what was claimed after the plan was made was not done then. */
  #isForced(fence: number): boolean {
    const { force, madeAtMs } = this.#parts.window;
    return force && fence <= madeAtMs * US_PER_MS;
  }
}
