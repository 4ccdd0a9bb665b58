import type { AccessControl } from '../use-cases/revoke-access.ts';

/** Access rights in memory. */
export interface MemoryAccessControl extends AccessControl {
  readonly revoked: ReadonlySet<string>;
}

export const createAccessControl = (underLegalHold: readonly string[] = []): MemoryAccessControl => {
  const revoked = new Set<string>();
  return {
    revoked,
    isUnderLegalHold: async (tenant) => underLegalHold.includes(tenant),
    revokeAll: async (tenant) => {
      revoked.add(tenant);
    },
  };
};
