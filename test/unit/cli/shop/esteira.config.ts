import { z } from 'zod';
import { type AvroContract, defineApp, defineEvent, defineJob, knownTenants } from '../../../../src/index.ts';

interface Paid {
  readonly paymentId: string;
}

const Paid: AvroContract<Paid> = {
  name: 'shop.Paid',
  schema: {
    type: 'record',
    name: 'Paid',
    namespace: 'shop',
    fields: [{ name: 'paymentId', type: 'string' }],
  },
};

const paid = defineEvent(Paid, { topic: 'shop.events', check: z.object({ paymentId: z.string().min(1) }) });
const run = () => undefined;
const noRetry = { attempts: 1 };

/** A small app for the tests of the command line. */
export default defineApp({
  name: 'shop',
  events: [paid],
  jobs: [
    defineJob({ type: 'send-receipt', kind: 'reactive', on: paid, order: 'none', retry: noRetry, run }),
    defineJob({
      type: 'make-report',
      kind: 'system',
      payload: z.object({ month: z.string() }),
      order: 'none',
      retry: noRetry,
      run,
    }),
  ],
  tenants: knownTenants(['acme']),
  tiers: ['1s'],
  partitions: 1,
});
