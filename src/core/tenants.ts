/** What is known of a tenant. */
export interface Tenant {
  readonly id: string;
  /** The name of its tier, by which queues may give it other limits. */
  readonly tier?: string;
}

/** Resolves tenants. Undefined means: there is no such tenant. A rejection means: unknown for now, ask again later. */
export interface TenantDirectory {
  resolve(id: string): Promise<Tenant | undefined>;
}

/** A directory of a fixed set of tenants. */
export const knownTenants = (ids: Iterable<string>): TenantDirectory => {
  const known = new Set(ids);
  return { resolve: async (id) => (known.has(id) ? { id } : undefined) };
};

/** What telemetry says where no tenant was resolved. */
export const UNKNOWN_TENANT = 'unknown';
