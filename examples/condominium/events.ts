import { z } from 'zod';
import { defineEvent } from '../../src/index.ts';
import { AIActionConfirmed } from './generated/ai-action-confirmed.ts';
import { InvoicePaid } from './generated/invoice-paid.ts';
import { SubscriptionCanceled } from './generated/subscription-canceled.ts';
import { TenantCreated } from './generated/tenant-created.ts';

const id = z.string().min(1).max(100);
const moment = z.number().int().positive();

/** A new condominium; its provisioning starts here. */
export const tenantCreated = defineEvent(TenantCreated, {
  topic: 'tenancy.events',
  partitions: 3,
  check: z.object({
    tenantId: id,
    name: z.string().min(1),
    plan: z.enum(['FREE', 'STANDARD', 'PREMIUM']),
    units: z.number().int().positive(),
    createdAt: moment,
  }),
});

/** A condominium leaves; on the same topic as its arrival, so that the two stay in order. */
export const subscriptionCanceled = defineEvent(SubscriptionCanceled, {
  topic: 'tenancy.events',
  partitions: 3,
  check: z.object({ tenantId: id, subscriptionId: id, reason: z.string().nullable(), effectiveAt: moment }),
});

/** Money has come in. */
export const invoicePaid = defineEvent(InvoicePaid, {
  topic: 'billing.events',
  partitions: 3,
  check: z.object({
    tenantId: id,
    invoiceId: id,
    paymentId: id,
    amountCents: z.number().int().positive(),
    currency: z.literal('BRL'),
    lines: z.array(z.object({ description: z.string(), amountCents: z.number().int() })),
    paidAt: moment,
  }),
});

/** A person has said yes to what an assistant proposed; jobs only prepare, they never decide. */
export const aiActionConfirmed = defineEvent(AIActionConfirmed, {
  topic: 'assistant.events',
  partitions: 3,
  confirms: true,
  check: z.object({
    tenantId: id,
    actionId: id,
    action: z.string(),
    confirmedBy: id,
    documentIds: z.array(id).min(1),
    confirmedAt: moment,
  }),
});
