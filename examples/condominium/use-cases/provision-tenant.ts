import type { TenantCreated } from '../generated/tenant-created.ts';

export interface Workspace {
  readonly tenant: string;
  readonly title: string;
  readonly storageMb: number;
}

/** Where workspaces are kept; creating the same one twice leaves one. */
export interface Workspaces {
  create(workspace: Workspace): Promise<void>;
}

const MB_PER_UNIT = { FREE: 10, STANDARD: 100, PREMIUM: 500 } as const;

/** Gives a new condominium its workspace; how much room it gets follows from plan and size. */
export const provisionTenant =
  (workspaces: Workspaces) =>
  (created: TenantCreated): Promise<void> =>
    workspaces.create({
      tenant: created.tenantId,
      title: created.name.trim(),
      storageMb: MB_PER_UNIT[created.plan] * created.units,
    });
