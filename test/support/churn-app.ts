import { appendFileSync } from 'node:fs';
import { InvoicePaid } from '../../examples/condominium/generated/invoice-paid.ts';
import { defineApp, defineEvent, defineJob, knownTenants } from '../../src/index.ts';
import { pause } from './wait.ts';

/**
 * Version 1 settles and posts what is paid. Version 2 also settles what is refunded, so that the group of `settle` has
 * members of two subscriptions, and has a third job type, `notify`, on the refunds.
 */
export type ChurnVersion = 1 | 2;

const TENANTS: readonly string[] = Array.from({ length: 8 }, (_, index) => `tenant-${index}`);
/** Ordering keys of a tenant. */
const CURRENCIES = 3;
/** Numbers after which every ordering key has had its turn. */
export const ALL_KEYS = TENANTS.length * CURRENCIES;
const PARTITIONS = 4;

/** Whose the n-th payment or refund is. */
export const tenantOf = (number: number): string => TENANTS[number % TENANTS.length] ?? '';

/** In what currency it is: the ordering key inside its tenant. */
export const currencyOf = (number: number): string => `K${Math.floor(number / TENANTS.length) % CURRENCIES}`;

/** The number in the id of a payment or refund. */
export const numberOf = (paymentId: string): number => Number(paymentId.split('-')[1]);

/** How often the handlers of a number fail before they work. */
export const failuresOf = (number: number): number => (number % 8 === 3 ? 1 : number % 23 === 5 ? 2 : 0);

/** Now and then one works so long that its partition moves meanwhile; not where its stand-in might come to version 1. */
const isSlow = (type: string, number: number, isRefund: boolean): boolean =>
  number % 61 === 7 && !(type === 'settle' && isRefund);

export interface ChurnOptions {
  /** How long slow handlers work, ms. */
  readonly slowMs: number;
  /**
   * Whether settling a refund may fail. Its retry may come to a process of version 1, which does not know the event: there
   * it waits until the process has gone.
   */
  readonly refundsFail: boolean;
  /** Records of a window: few, so that partitions are paused and resumed all the time; what waits must fit in. */
  readonly window: number;
}

/**
 * Handlers say in a file what they do: `<what> <type> <payment> <pid> <fence>`, where what is start, fail or effect.
 */
export const churnApp = (
  ns: string,
  file: string,
  version: ChurnVersion,
  { slowMs, refundsFail }: Omit<ChurnOptions, 'window'> = { slowMs: 0, refundsFail: false },
) => {
  const shared = { check: 'none', partitions: PARTITIONS } as const;
  const paid = defineEvent(InvoicePaid, { ...shared, topic: `${ns}.payments` });
  const type = 'condominium.events.InvoiceRefunded';
  const refunded = defineEvent(InvoicePaid, { ...shared, topic: `${ns}.refunds`, type });
  const duty = (
    name: string,
    on: readonly (typeof paid)[],
    order: 'none' | ((event: InvoicePaid) => string),
  ) =>
    defineJob<InvoicePaid>({
      ...{ type: name, kind: 'reactive', on, order, startFrom: 'beginning', lease: '5s', detachAfter: '2s' },
      ...(order === 'none' ? {} : { holdFor: '60ms' }),
      retry: { attempts: 5, backoff: ['100ms', '1s'] },
      run: async ({ paymentId }, { attempt, fence }) => {
        const say = (what: string): void =>
          appendFileSync(file, `${what} ${name} ${paymentId} ${process.pid} ${fence}\n`);
        const number = numberOf(paymentId);
        const isRefund = paymentId.startsWith('refund');
        say('start');
        await pause(isSlow(name, number, isRefund) ? slowMs : 10);
        const neverFails = name === 'settle' && isRefund && !refundsFail;
        if (!neverFails && attempt <= failuresOf(number)) {
          say('fail');
          throw new Error('made to fail');
        }
        say('effect');
      },
    });
  const settle = duty('settle', version === 1 ? [paid] : [paid, refunded], 'none');
  const post = duty('post', [paid], ({ currency }) => currency);
  const notify = duty('notify', [refunded], 'none');
  const app = defineApp({
    ...{ name: ns, events: [paid, refunded], tiers: ['100ms', '1s'], partitions: PARTITIONS },
    jobs: version === 1 ? [settle, post] : [settle, post, notify],
    tenants: knownTenants(TENANTS),
  });
  return { app, paid, refunded };
};
