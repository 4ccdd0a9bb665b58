import { appendFileSync } from 'node:fs';
import { InvoicePaid } from '../../examples/condominium/generated/invoice-paid.ts';
import type { Broker, RecordProducer } from '../../src/core/ports/broker.ts';
import { defineApp, defineEvent, defineJob, knownTenants } from '../../src/index.ts';
import type { Backend } from '../../src/runtime/backend.ts';

/** Where a process is killed while a key of an ordered type is being parked, or waits. */
export const PARKING_CRASHES = [
  'after the head was promised',
  "after the head's copy was written",
  'after a follower was promised',
  'between the copies of its followers',
  'after the last copy, before the commit',
  'while its waiting head runs again',
  'after its waiting head failed again',
] as const;

export type ParkingCrash = (typeof PARKING_CRASHES)[number];

export const isParkingCrash = (text: string): text is ParkingCrash =>
  PARKING_CRASHES.some((one) => one === text);

/** Records of the key that fails; its first one fails twice. */
export const FAILING = 6;

/** The attempt of the head that runs on the waiting topic. */
const WAITING_ATTEMPT = 2;

/** An ordered app whose handlers say each start and each effect in a file: `effect <key> <number> <fence>`. */
export const parkingApp = (ns: string, file: string, atWaitingHead: () => void) => {
  const paid = defineEvent(InvoicePaid, { topic: `${ns}.billing.events`, check: 'none', partitions: 1 });
  const settle = defineJob<InvoicePaid>({
    ...{ type: 'settle', kind: 'reactive', on: paid, lease: '2s', startFrom: 'beginning' },
    ...{ order: (event) => event.currency, holdFor: '50ms' },
    retry: { attempts: 4, backoff: ['800ms', '300ms'] },
    run: ({ currency, paymentId }, ctx) => {
      appendFileSync(file, `start ${currency} ${paymentId} ${ctx.fence}\n`);
      const isHead = currency === 'a' && paymentId === '1';
      if (isHead && ctx.attempt === WAITING_ATTEMPT) atWaitingHead();
      if (isHead && ctx.attempt <= WAITING_ATTEMPT) throw new Error('made to fail');
      appendFileSync(file, `effect ${currency} ${paymentId} ${ctx.fence}\n`);
    },
  });
  const app = defineApp({
    ...{ name: ns, events: [paid], jobs: [settle], tiers: ['100ms'], partitions: 1 },
    tenants: knownTenants(['acme']),
  });
  return { app, paid };
};

/** Dies at the given point, which may come at the n-th time. */
class Death {
  readonly #at: ParkingCrash;
  readonly #die: () => never;
  #times = 0;

  constructor(at: ParkingCrash, die: () => never) {
    this.#at = at;
    this.#die = die;
  }

  after(point: ParkingCrash, time = 1): void {
    if (point !== this.#at) return;
    this.#times += 1;
    if (this.#times === time) this.#die();
  }
}

/** A backend whose process dies right after a call about a parked key has taken effect on the other side. */
export const dyingWhileParking = (backend: Backend, at: ParkingCrash, die: () => never): Backend => {
  const death = new Death(at, die);
  return { ...backend, broker: dyingBroker(backend.broker, death), state: dyingState(backend.state, death) };
};

const dyingState = (state: Backend['state'], death: Death): Backend['state'] => ({
  ...state,
  order: {
    ...state.order,
    park: async (requests) => {
      const answers = await state.order.park(requests);
      const promised = requests.filter((_, index) => answers[index] === 'parked');
      for (const { follows } of promised) {
        death.after(follows === true ? 'after a follower was promised' : 'after the head was promised');
      }
      return answers;
    },
    fail: async (requests) => {
      const answers = await state.order.fail(requests);
      if (requests.some(({ where }) => where === 'waiting'))
        death.after('after its waiting head failed again');
      return answers;
    },
  },
});

const dyingBroker = (broker: Broker, death: Death): Broker => ({
  createConsumer: (options) => broker.createConsumer(options),
  admin: broker.admin,
  close: () => broker.close(),
  createProducer: async (options): Promise<RecordProducer> => {
    const producer = await broker.createProducer(options);
    return {
      send: async (record, sendOptions) => {
        const position = await producer.send(record, sendOptions);
        if (record.topic.includes('.wait.')) {
          death.after("after the head's copy was written");
          death.after('between the copies of its followers', FAILING / 2);
          death.after('after the last copy, before the commit', FAILING);
        }
        return position;
      },
      post: (record, done) => producer.post(record, done),
      flush: () => producer.flush(),
      close: (timeoutMs) => producer.close(timeoutMs),
    };
  },
});

const numbers = Array.from({ length: FAILING }, (_, index) => index + 1);

/** What a crash must come to: the handler ran once more only where its process died while it ran. */
export const storyAfter = (point: ParkingCrash) => ({
  a: [...numbers, FAILING + 1],
  b: numbers,
  headStarts: point === 'while its waiting head runs again' ? 4 : 3,
  fencesGrow: true,
  dead: 0,
});
