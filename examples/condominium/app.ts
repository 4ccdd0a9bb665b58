import { type AppDefinition, defineApp, knownTenants } from '../../src/index.ts';
import type { AppParts } from './app-parts.ts';
import { createDependencies } from './dependencies.ts';
import { aiActionConfirmed, invoicePaid, subscriptionCanceled, tenantCreated } from './events.ts';
import { cleanupExpiredEmbeddingsJob } from './jobs/cleanup-expired-embeddings.ts';
import { embedDocumentsJob } from './jobs/embed-documents.ts';
import { provisionTenantJob } from './jobs/provision-tenant.ts';
import { revokeAccessJob } from './jobs/revoke-access.ts';
import { scheduleDunningCheckJob } from './jobs/schedule-dunning-check.ts';
import { sendReceiptJob } from './jobs/send-receipt.ts';
import { updateLedgerJob } from './jobs/update-ledger.ts';

/** The condominium system: its events, its jobs, and the tenants it knows. Under another name it has topics of its own. */
export const createApp = (parts: AppParts, name = 'condominium'): AppDefinition =>
  defineApp({
    name,
    events: [tenantCreated, subscriptionCanceled, invoicePaid, aiActionConfirmed],
    jobs: [
      provisionTenantJob(parts.workspaces),
      sendReceiptJob(parts.mailer),
      updateLedgerJob(parts.ledger),
      scheduleDunningCheckJob(parts.reminders),
      embedDocumentsJob(parts.embeddings),
      cleanupExpiredEmbeddingsJob(parts.embeddings.index),
      revokeAccessJob(parts.access),
    ],
    tenants: knownTenants(parts.tenants),
    queues: { notifications: { priority: 'high' }, books: {}, ai: { priority: 'low' } },
    tiers: ['100ms', '300ms', '1s'],
    partitions: 3,
  });

/** For the command line: `esteira --app examples/condominium/app.ts`. */
export default createApp(createDependencies());
