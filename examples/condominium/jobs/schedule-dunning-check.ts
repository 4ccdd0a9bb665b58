import { defineJob, trigger } from '../../../src/index.ts';
import { invoicePaid } from '../events.ts';
import { checkDunning, type DunningCheck, type Reminders } from '../use-cases/check-dunning.ts';

/** Orchestration of the billing cycle: a while after a payment, and after everything more urgent. */
export const scheduleDunningCheckJob = (reminders: Reminders) => {
  const check = checkDunning(reminders);
  return defineJob<DunningCheck>({
    type: 'schedule-dunning-check',
    kind: 'orchestration',
    on: trigger(invoicePaid, {
      delay: '400ms',
      priority: 9,
      map: ({ tenantId, invoiceId }) => ({ tenant: tenantId, invoiceId }),
    }),
    queue: 'books',
    order: 'none',
    idempotencyKey: ({ invoiceId }) => invoiceId,
    retry: { attempts: 3, backoff: ['100ms', '300ms'] },
    run: (payload) => check(payload),
  });
};
