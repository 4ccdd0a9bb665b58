import { z } from 'zod';
import { InvoicePaid } from '../../../examples/condominium/generated/invoice-paid.ts';
import { defineApp, defineEvent, defineJob, trigger, UnrecoverableError } from '../../../src/index.ts';

const refused = (): Error =>
  Object.assign(new Error('no'), { code: 'ECONNREFUSED', address: '127.0.0.1', port: 25 });

/** An app whose jobs do, as the payment's name says, everything that boards and alerts are about. */
export const watchedApp = (name: string) => {
  const paid = defineEvent(InvoicePaid, { topic: `${name}.billing.events`, check: 'none', partitions: 2 });
  const on = (prefix: string) =>
    trigger(paid, { when: ({ paymentId }: InvoicePaid) => paymentId.startsWith(prefix) });
  const settle = defineJob<InvoicePaid>({
    ...{ type: 'settle', kind: 'reactive', order: 'none', queue: 'money', critical: true },
    ...{ on: on('settle-'), startFrom: 'beginning', retry: { attempts: 2, backoff: '100ms' } },
    idempotencyKey: ({ paymentId }) => paymentId,
    run: ({ paymentId }, ctx) => {
      if (paymentId === 'settle-flaky' && ctx.attempt === 1) throw new Error('not yet');
      if (paymentId === 'settle-wrong') throw new UnrecoverableError('the entry is wrong');
      if (paymentId === 'settle-down') throw refused();
    },
  });
  const post = defineJob<InvoicePaid>({
    ...{ type: 'post', kind: 'reactive', order: 'key', queue: 'books', startFrom: 'beginning', holdFor: 0 },
    ...{ on: on('post-'), retry: { attempts: 3, backoff: '1m' } },
    run: ({ paymentId }, ctx) => {
      if (paymentId === 'post-stuck' && ctx.attempt === 1) throw new Error('not yet');
    },
  });
  const validate = defineJob({
    ...{ type: 'validate', kind: 'reactive', order: 'none', queue: 'catalogue' },
    payload: z.object({ marketplace: z.string(), valid: z.number(), wrong: z.number() }),
    dimensions: ({ marketplace }) => ({ marketplace, category: 'electronics', region: 'br-south' }),
    run: ({ valid, wrong }, ctx) =>
      ctx.report({ metrics: { records_valid: valid, records_error: wrong, records_warning: 1 } }),
  });
  const app = defineApp({
    ...{ name, events: [paid], jobs: [settle, post, validate] },
    tenants: { resolve: async (id) => ({ id, tier: 'gold' }) },
    queues: { money: { priority: 'high', concurrency: 4 }, books: {}, catalogue: {} },
    ...{ tiers: ['100ms', '1s'], partitions: 2 },
  });
  return { app, paid, validate };
};
