import type { Clock } from '../../core/clock.ts';
import type { JobEventObserver } from '../observer-fan.ts';
import { labelValue, OTHER } from './label-value.ts';
import type { Count, CountFamily, MetricFamilies } from './metric-families.ts';
import { TopTenants } from './top-tenants.ts';

/** Tiers that have numbers of their own. */
const MOST_TIERS = 20;

export interface TenantMetricsOptions {
  readonly clock: Clock;
  /** The tier of a tenant; undefined where it has none. */
  readonly tierOf: (tenant: string) => string | undefined;
  /** Tenants with the most jobs that have a number of their own; 0 for none. */
  readonly topTenants: number;
}

/** The number of each tier, made when there is something to count. */
const tierBook = (family: CountFamily) => {
  const known = new Map<string | undefined, Count>();
  const byLabel = new Map<string, Count>();
  const ofLabel = (label: string): Count => {
    const count = byLabel.get(label) ?? family.of({ tier: label });
    byLabel.set(label, count);
    return count;
  };
  return (tier: string | undefined): Count => {
    const count = known.get(tier);
    if (count !== undefined) return count;
    if (known.size >= MOST_TIERS) return ofLabel(OTHER);
    const made = ofLabel(labelValue(tier));
    known.set(tier, made);
    return made;
  };
};

/** Completed jobs by the tier of their tenant, and of the few tenants that have the most: a tenant is no label else. */
export const createTenantMetrics = (
  families: MetricFamilies,
  { clock, tierOf, topTenants }: TenantMetricsOptions,
): JobEventObserver => {
  const ofTier = tierBook(
    families.counts('counter', {
      name: 'esteira_tenant_tier_jobs_total',
      description: 'Completed jobs by the tier of their tenant.',
    }),
  );
  const top = new TopTenants(topTenants, clock);
  families.pullCounts(
    'counter',
    {
      name: 'esteira_top_tenant_jobs_total',
      description: 'Completed jobs of the tenants that have the most, each since it is among them.',
    },
    () => top.read(),
  );
  return ({ tenantId }) => {
    ofTier(tierOf(tenantId)).value += 1;
    top.count(tenantId);
  };
};
