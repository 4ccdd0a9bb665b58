import { z } from 'zod';
import { defineApp, defineJob, knownTenants, MetricsCollector, marketplaceKey } from '../../src/index.ts';

const Row = z.object({ sku: z.string(), price: z.number(), title: z.string() });

const faultsOf = ({ sku, price }: z.infer<typeof Row>): readonly string[] => [
  ...(sku === '' ? ['sku'] : []),
  ...(price <= 0 ? ['price'] : []),
];

export const validateListings = defineJob({
  type: 'validate-listings',
  kind: 'reactive',
  order: 'none',
  payload: z.object({
    marketplace: z.string(),
    category: z.string(),
    region: z.string(),
    rows: z.array(Row),
  }),
  dimensions: ({ marketplace, category, region }) => ({ marketplace, category, region }), // on every event of the job
  cost: { currency: 'BRL', perAttempt: 0.001, perSecond: 0.0002, per: { lookup: 0.01 } },
  run: ({ rows }, ctx) => {
    const metrics = new MetricsCollector(ctx, { ruleset: '2026-10' }); // told at the end, also of an attempt that fails
    metrics.payloadSize(Buffer.byteLength(JSON.stringify(rows)));
    for (const row of rows) {
      ctx.addCost('lookup', 1);
      const faults = faultsOf(row);
      if (faults.length > 0) metrics.error(...faults);
      else if (row.title === '') metrics.warning();
      else metrics.valid();
    }
  },
});

export default defineApp({
  name: 'listings',
  events: [],
  jobs: [validateListings],
  tenants: knownTenants(['acme']),
  telemetryKey: marketplaceKey, // marketplace:category:region; what is not known is -
});
