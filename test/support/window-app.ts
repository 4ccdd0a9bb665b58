import { InvoicePaid } from '../../examples/condominium/generated/invoice-paid.ts';
import { type AppDefinition, defineApp, defineEvent, defineJob, knownTenants } from '../../src/index.ts';
import { REPLAY_JOB } from './replay-app.ts';

/** A job that ran: of which payment, and under which idempotency key. */
export interface Ran {
  readonly id: string;
  readonly key: string;
}

/** Two job types on one event topic: windows are run again for the first, and never for the second. */
export const windowApp = (ns: string, ran: Ran[] = [], archived: string[] = []) => {
  const paid = defineEvent(InvoicePaid, { topic: `${ns}.events`, check: 'none', partitions: 2 });
  const once = { kind: 'reactive', on: paid, order: 'none', retry: { attempts: 1 } } as const;
  const receipt = defineJob<InvoicePaid>({
    ...{ type: REPLAY_JOB, ...once },
    run: ({ paymentId }, { idempotencyKey }) => void ran.push({ id: paymentId, key: idempotencyKey }),
  });
  const archive = defineJob<InvoicePaid>({
    ...{ type: 'archive', ...once },
    run: ({ paymentId }) => void archived.push(paymentId),
  });
  const app: AppDefinition = defineApp({
    ...{ name: ns, events: [paid], jobs: [receipt, archive], tenants: knownTenants(['acme']) },
    ...{ tiers: ['1s'], partitions: 3 },
  });
  return { app, paid };
};
