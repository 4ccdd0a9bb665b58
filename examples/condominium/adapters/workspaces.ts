import type { Workspace, Workspaces } from '../use-cases/provision-tenant.ts';
import { noTrouble, type Trouble } from './trouble.ts';

/** Workspaces in memory. */
export interface MemoryWorkspaces extends Workspaces {
  readonly all: ReadonlyMap<string, Workspace>;
}

export const createWorkspaces = (trouble: Trouble = noTrouble): MemoryWorkspaces => {
  const all = new Map<string, Workspace>();
  return {
    all,
    create: async (workspace) => {
      trouble(workspace.tenant);
      all.set(workspace.tenant, workspace);
    },
  };
};
