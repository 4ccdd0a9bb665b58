import { defineJob } from '../../../src/index.ts';
import { tenantCreated } from '../events.ts';
import type { TenantCreated } from '../generated/tenant-created.ts';
import { provisionTenant, type Workspaces } from '../use-cases/provision-tenant.ts';

/** Orchestration: a new tenant gets its workspace. */
export const provisionTenantJob = (workspaces: Workspaces) => {
  const provision = provisionTenant(workspaces);
  return defineJob<TenantCreated>({
    type: 'provision-tenant',
    kind: 'orchestration',
    on: tenantCreated,
    order: 'none',
    idempotencyKey: (created) => `provision:${created.tenantId}:${created.createdAt}`,
    retry: { attempts: 4, backoff: ['100ms', '300ms', '1s'] },
    run: (created) => provision(created),
  });
};
