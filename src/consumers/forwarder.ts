import type { AppDefinition } from '../core/app.ts';
import type { Clock } from '../core/clock.ts';
import { ownInboxesOf } from '../core/inbox.ts';
import type { JobDefinition } from '../core/job.ts';
import { names } from '../core/names.ts';
import type { RecordProducer } from '../core/ports/broker.ts';
import type { Decider } from './decide.ts';
import type { Decision } from './decision.ts';
import type { Delivery } from './delivery.ts';
import type { Entry } from './entry.ts';
import type { Settlement } from './settlement.ts';
import { copyFor } from './successor.ts';
import { type TellingParts, tellEvent } from './tell-record.ts';

export interface ForwarderParts extends TellingParts {
  readonly app: AppDefinition;
  readonly job: JobDefinition<unknown>;
  readonly clock: Clock;
  readonly producer: Pick<RecordProducer, 'post'>;
  readonly decider: Decider;
  readonly settlement: Pick<Settlement, 'publish'>;
  /** The copy is written and told: the offset may be settled. */
  readonly onForwarded: (entry: Entry) => void;
  readonly onError: (error: unknown) => void;
}

/** Why a record does not stay where it came. */
export type ForwardReason = 'dedicated_inbox' | 'surplus';

/** Copies on their way, beyond which understanding more would only fill the memory. */
const MOST_UNDER_WAY = 2_000;

/**
 * Takes records out of the others' way: those of tenants with inboxes of their own, and what a tenant that floods has
 * too much. They need no slot and no claim, so they are gone as fast as they can be written, in the order they came. Not
 * kept in the store: a record forwarded twice, after a crash, is the same job twice, which takes effect once.
 */
export class Forwarder {
  readonly #parts: ForwarderParts;
  /** The inboxes of each tenant that has its own. */
  readonly #homes: ReadonlyMap<string, ReadonlySet<string>>;
  readonly #surplus: string;
  #underWay = 0;
  #isOpen = true;
  #waiting: (() => void)[] = [];

  constructor(parts: ForwarderParts) {
    const { app, job } = parts;
    this.#parts = parts;
    this.#surplus = names.surplus(app.name, job.type);
    this.#homes = new Map(
      job.dedicated.map((tenant) => {
        const topics = ownInboxesOf(app.name, { ...job, dedicated: [tenant], surplus: 'stays' });
        return [tenant, new Set(topics)];
      }),
    );
  }

  /** Records whose copies are not acknowledged yet. */
  get underWay(): number {
    return this.#underWay;
  }

  /** Resolves when more may be forwarded; undefined when it may be now. */
  get room(): Promise<void> | undefined {
    if (this.#underWay < MOST_UNDER_WAY || !this.#isOpen) return undefined;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Whether a record does not belong where it stands; one that cannot run at all dies there as any other. */
  concerns({ tenant, record, deadOnArrival }: Delivery): boolean {
    if (this.#homes.size === 0 || deadOnArrival !== undefined) return false;
    const homes = this.#homes.get(tenant);
    return homes !== undefined && !homes.has(record.topic);
  }

  /** Forwards nothing more: what comes is left where it is, not settled. */
  stopTaking(): void {
    this.#isOpen = false;
    this.#letGoOn();
  }

  /** Forwards a record: it counts no more among those its partition holds. */
  forward(entry: Entry, reason: ForwardReason): void {
    if (!this.#isOpen) return;
    const { delivery, home } = entry;
    const copy = this.#copyOf(delivery, reason);
    home.moved(delivery.record.offset);
    this.#underWay += 1;
    // A flood that nobody may stand behind any more need not keep to one partition: all workers have their part of it.
    const spread = copy.topic === this.#surplus ? Buffer.from(delivery.job.id, 'latin1') : undefined;
    this.#parts.producer.post(copyFor(delivery, copy.topic, copy.next, spread), (error) => {
      if (error === undefined) this.#tell(entry, copy);
      else this.#insist(entry, copy);
    });
  }

  #copyOf(delivery: Delivery, reason: ForwardReason): Decision {
    const { clock, decider } = this.#parts;
    const atMs = clock.nowMs();
    const { notBeforeMs = 0 } = delivery;
    return notBeforeMs > atMs
      ? decider.forwarded(delivery, 'trigger_delay', atMs, notBeforeMs)
      : decider.forwarded(delivery, reason, atMs, undefined);
  }

  #tell(entry: Entry, { events }: Decision): void {
    for (const event of events) tellEvent(this.#parts, entry, event);
    entry.whenTold(this.#forwarded);
  }

  /** What was not taken at once is written again until it is. */
  #insist(entry: Entry, copy: Decision): void {
    this.#parts.settlement.publish(entry, copy).then(
      () => this.#forwarded(entry),
      (error: unknown) => {
        this.#parts.onError(error);
        this.#left();
      },
    );
  }

  readonly #forwarded = (entry: Entry): void => {
    this.#parts.onForwarded(entry);
    this.#left();
  };

  #left(): void {
    this.#underWay -= 1;
    if (this.#underWay < MOST_UNDER_WAY / 2) this.#letGoOn();
  }

  #letGoOn(): void {
    for (const goOn of this.#waiting.splice(0)) goOn();
  }
}
