import type { WaitingCopy } from '../../src/core/order/waiting-key.ts';
import { type WaitingAction, WaitingLine } from '../../src/core/order/waiting-line.ts';
import { Claims, type Wanted } from './claims.ts';
import { placed } from './requests.ts';
import type { SimProcess } from './sim-process.ts';
import { one, when } from './store.ts';
import type { Arrived, Owned } from './world.ts';

interface Copy extends WaitingCopy {
  readonly record: Arrived;
}

type Action<K extends WaitingAction<Copy>['kind']> = Extract<WaitingAction<Copy>, { kind: K }>;

const FETCH = 5;
const TTL_MS = 1e10;

/** Drives WaitingLine for one partition, as the engine does. */
export class WaitingDriver {
  readonly #process: SimProcess;
  readonly #owned: Owned;
  readonly #line: WaitingLine<Copy>;
  readonly #claims: Claims<Copy>;
  readonly #deaf: () => void;
  #position: number;
  #reading = 0;
  #isLive = true;
  #fetching = false;
  #committing = false;
  #committed = -1;
  #wakeMs = Number.POSITIVE_INFINITY;

  constructor(process: SimProcess, owned: Owned) {
    const { world } = process;
    this.#process = process;
    this.#owned = owned;
    const { offset } = world.committed(owned);
    this.#line = new WaitingLine(world.plan.waiting, offset, world.nowMs);
    this.#claims = new Claims({
      ...{ process, where: 'waiting', machine: this.#line },
      isLive: () => this.#isLive,
      pump: () => this.#pump(),
    });
    this.#position = offset;
    this.#deaf = world.listen(owned, () => this.#fetchSoon());
    world.note(() => `p${process.id} takes w${owned.partition} from ${offset}`);
    this.#fetchSoon();
    this.#pump();
  }

  stop(): void {
    this.#isLive = false;
    this.#deaf();
  }

  /** A new epoch in which the partition is kept: the client reads again from what is committed. */
  rewind(): void {
    if (!this.#isLive) return;
    this.#position = Math.min(this.#position, this.#process.world.committed(this.#owned).offset);
    this.#reading = this.#line.rewound(this.#position);
    this.#process.world.note(() => `p${this.#process.id} reads w${this.#owned.partition} again`);
    this.#fetchSoon();
  }

  #fetchSoon(): void {
    if (this.#fetching || !this.#isLive) return;
    this.#fetching = true;
    const { world } = this.#process;
    const reading = this.#reading;
    const from = this.#position;
    this.#process.after(world.plan.random.between(0.5, 3), () => {
      this.#fetching = false;
      if (!this.#isLive) return;
      const log = world.waiting[this.#owned.partition] ?? [];
      const copies = log.slice(from, from + FETCH).map(copyOf);
      if (reading === this.#reading) this.#position = from + copies.length;
      this.#line.read(copies, reading, world.nowMs);
      this.#pump();
      if (this.#position < log.length) this.#fetchSoon();
    });
  }

  #pump(): void {
    if (!this.#isLive) return;
    const wanted: Wanted<Copy>[] = [];
    for (const action of this.#line.drain()) {
      if (action.kind === 'claim') {
        const { copy, replaysOver } = action;
        wanted.push({ handed: copy, knowledge: { parkedEnd: 0, replaysOver } });
      } else if (action.kind === 'register') this.#register(action);
      else this.#readFrom(action);
    }
    if (wanted.length > 0) this.#claims.ask(wanted);
    this.#commitLater();
    this.#wakeLater();
  }

  #readFrom({ from, reading }: Action<'read'>): void {
    this.#process.world.note(() => `p${this.#process.id} reads w${this.#owned.partition} from ${from}`);
    this.#position = from;
    this.#reading = reading;
    this.#fetchSoon();
  }

  #register({ copies, after, upTo }: Action<'register'>): void {
    const { world } = this.#process;
    const request = {
      jobType: 'job',
      waitingPartition: this.#owned.partition,
      copies,
      after,
      upTo,
      ttlMs: TTL_MS,
    };
    this.#process.call(
      () => {
        const { register } = world.store;
        if (world.plan.without.has('register')) {
          return when(one(register, { ...request, copies: [], after: 0 }), () => 'seen' as const);
        }
        return when(one(register, request), (answer) => {
          if (copies.length > 0 || answer === 'behind') {
            const names = copies.map(({ sequence, place }) => `${sequence.orderKey}/${place}`);
            world.note(
              () => `p${this.#process.id} registers ${names.join(' ')} to ${upTo} after ${after}: ${answer}`,
            );
          }
          return answer;
        });
      },
      (answer) => {
        this.#line.registered(answer);
        this.#pump();
      },
    );
  }

  #commitLater(): void {
    if (this.#committing || this.#line.committable === this.#committed) return;
    this.#committing = true;
    const { world } = this.#process;
    this.#process.after(world.plan.random.between(1, 30), () => {
      this.#committing = false;
      if (!this.#isLive) return;
      this.#committed = this.#line.committable;
      world.commit(this.#owned, this.#process.id, this.#committed, 0);
    });
  }

  #wakeLater(): void {
    const { world } = this.#process;
    const dueMs = this.#line.nextWakeMs;
    if (dueMs >= this.#wakeMs) return;
    this.#wakeMs = dueMs;
    this.#process.atTimer(dueMs, () => {
      if (this.#wakeMs === dueMs) this.#wakeMs = Number.POSITIVE_INFINITY;
      if (!this.#isLive) return;
      this.#line.tick(world.nowMs);
      this.#pump();
    });
  }
}

const copyOf = ({ offset, record }: { readonly offset: number; readonly record: Arrived }): Copy => {
  const sequence = placed(record, 'waiting');
  const name = `${record.partition}/${record.duty.key}`;
  const copy = { offset, record, sequence, name, place: sequence.place, bytes: 100 };
  const { turn } = record;
  return turn === undefined ? copy : { ...copy, name: `${name}#${turn.plan}`, replayOf: name };
};
