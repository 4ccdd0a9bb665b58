import { appendFileSync, existsSync } from 'node:fs';
import { InvoicePaid } from '../../examples/condominium/generated/invoice-paid.ts';
import { defineApp, defineEvent, defineJob, knownTenants, UnrecoverableError } from '../../src/index.ts';

/** The entry that can never be posted, until the file beside the effects says that it is mended. */
export const WRONG = 'a1';

export const mendedFile = (file: string): string => `${file}.mended`;

/**
 * The ledger of accounts, where a wrong entry holds its account. Handlers say each start and each effect in a file:
 * `effect <entry> <fence>`.
 */
export const heldReplayApp = (
  ns: string,
  file: string,
  atStart: (entry: string) => void = () => undefined,
) => {
  const paid = defineEvent(InvoicePaid, { topic: `${ns}.billing.events`, check: 'none', partitions: 1 });
  const post = defineJob<InvoicePaid>({
    ...{ type: 'post', kind: 'reactive', on: paid, lease: '2s', startFrom: 'beginning' },
    ...{ order: ({ currency }) => currency, afterDead: 'hold' },
    run: ({ paymentId }, ctx) => {
      appendFileSync(file, `start ${paymentId} ${ctx.fence}\n`);
      if (paymentId === WRONG && !existsSync(mendedFile(file)))
        throw new UnrecoverableError('the entry is wrong');
      if (existsSync(mendedFile(file))) atStart(paymentId);
      appendFileSync(file, `effect ${paymentId} ${ctx.fence}\n`);
    },
  });
  const app = defineApp({
    ...{ name: ns, events: [paid], jobs: [post], tiers: ['100ms'], partitions: 1 },
    tenants: knownTenants(['acme']),
  });
  return { app, paid };
};
