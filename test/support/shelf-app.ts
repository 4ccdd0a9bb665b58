import { appendFileSync } from 'node:fs';
import { InvoicePaid } from '../../examples/condominium/generated/invoice-paid.ts';
import { defineApp, defineEvent, defineJob, knownTenants } from '../../src/index.ts';
import type { Backend } from '../../src/runtime/backend.ts';

export const CONCURRENCY = 100;

/** Where a process dies with events on a shelf that nobody has told, or not all of them. */
export const SHELF_DEATHS = ['before any is told', 'between two of them'] as const;

export type ShelfDeath = (typeof SHELF_DEATHS)[number];

export const isShelfDeath = (text: string): text is ShelfDeath => SHELF_DEATHS.some((one) => one === text);

/** An app whose jobs end many at once; handlers say each effect in a file. */
export const shelfApp = (ns: string, file: string) => {
  const paid = defineEvent(InvoicePaid, { topic: `${ns}.billing.events`, check: 'none', partitions: 1 });
  const settle = defineJob<InvoicePaid>({
    ...{ type: 'settle', kind: 'reactive', on: paid, order: 'none', startFrom: 'beginning', lease: '2s' },
    ...{ concurrency: CONCURRENCY, retry: { attempts: 2, backoff: '100ms' } },
    run: ({ paymentId }) => appendFileSync(file, `${paymentId}\n`),
  });
  const app = defineApp({
    ...{ name: ns, events: [paid], jobs: [settle], tiers: ['100ms'], partitions: 1 },
    tenants: knownTenants(['acme']),
  });
  return { app, paid };
};

/** Fewer say nothing about a shelf. */
const MANY = 10;

/** A backend whose process dies with many marks left in one call, and none, or half of them, told. */
export const dyingWithShelf = (backend: Backend, death: ShelfDeath, die: () => never): Backend => {
  const { state } = backend;
  return {
    ...backend,
    state: {
      ...state,
      complete: async (requests) => {
        const answers = await state.complete(requests);
        if (death === 'before any is told' && requests.length >= MANY) die();
        return answers;
      },
      told: async (requests) => {
        const isMany = death === 'between two of them' && requests.length >= MANY;
        await state.told(isMany ? requests.slice(0, requests.length / 2) : requests);
        if (isMany) die();
      },
    },
  };
};
