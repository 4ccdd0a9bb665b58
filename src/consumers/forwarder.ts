import type { AppDefinition } from '../core/app.ts';
import type { Clock } from '../core/clock.ts';
import { inboxesOf } from '../core/inbox.ts';
import type { JobDefinition } from '../core/job.ts';
import type { Decider } from './decide.ts';
import type { Delivery } from './delivery.ts';
import type { Entry } from './entry.ts';
import type { Settlement } from './settlement.ts';

export interface ForwarderParts {
  readonly app: AppDefinition;
  readonly job: JobDefinition<unknown>;
  readonly clock: Clock;
  readonly decider: Decider;
  readonly settlement: Pick<Settlement, 'publish'>;
  /** The copy is written and told: the offset may be settled. */
  readonly onForwarded: (entry: Entry) => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Takes the records of tenants with inboxes of their own there, from wherever they share a topic with others. They need
 * no slot and no claim, so they are out of the others' way as fast as they can be written, in the order they came. Not
 * kept in the store: a record forwarded twice, after a crash, is the same job twice, which takes effect once.
 */
export class Forwarder {
  readonly #parts: ForwarderParts;
  /** The inboxes of each tenant that has its own. */
  readonly #homes: ReadonlyMap<string, ReadonlySet<string>>;
  #underWay = 0;
  #isOpen = true;

  constructor(parts: ForwarderParts) {
    const { app, job } = parts;
    const shared = new Set(inboxesOf(app.name, { ...job, dedicated: [] }));
    this.#parts = parts;
    this.#homes = new Map(
      job.dedicated.map((tenant) => {
        const topics = inboxesOf(app.name, { ...job, dedicated: [tenant] });
        return [tenant, new Set(topics.filter((topic) => !shared.has(topic)))];
      }),
    );
  }

  /** Records whose copies are not acknowledged yet. */
  get underWay(): number {
    return this.#underWay;
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
  }

  /** Forwards a record that it concerns. */
  forward(entry: Entry): void {
    if (!this.#isOpen) return;
    const { clock, decider, settlement, onForwarded, onError } = this.#parts;
    const { delivery } = entry;
    const atMs = clock.nowMs();
    const { notBeforeMs = 0 } = delivery;
    const copy =
      notBeforeMs > atMs
        ? decider.forwarded(delivery, 'trigger_delay', atMs, notBeforeMs)
        : decider.forwarded(delivery, 'dedicated_inbox', atMs, undefined);
    this.#underWay += 1;
    settlement
      .publish(entry, copy)
      .then(() => onForwarded(entry))
      .catch(onError)
      .finally(() => {
        this.#underWay -= 1;
      });
  }
}
