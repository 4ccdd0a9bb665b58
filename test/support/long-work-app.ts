import { createHash } from 'node:crypto';
import { z } from 'zod';
import { defineApp, defineJob, knownTenants } from '../../src/index.ts';

const store = async (_row: string, _fence: number): Promise<void> => undefined;

export const importRows = defineJob({
  type: 'import-rows',
  kind: 'system',
  order: 'none',
  payload: z.object({ rows: z.array(z.string()) }),
  attemptTimeout: '6h',
  run: async ({ rows }, ctx) => {
    for (const [index, row] of rows.entries()) {
      ctx.signal.throwIfAborted(); // gives up by throwing: to return says that the work is done
      await store(row, ctx.fence); // the sink refuses a fence older than it has seen
      await ctx.progress({ percent: (100 * (index + 1)) / rows.length, dimensions: { step: 'store' } });
    }
  },
});

export const hashDocument = defineJob({
  type: 'hash-document',
  kind: 'ai',
  order: 'none',
  payload: z.object({ text: z.string(), rounds: z.number().int().positive() }),
  attemptTimeout: '30s',
  isolate: { memoryMb: 256 },
  run: ({ text, rounds }, ctx) => {
    let hash = text;
    for (let round = 1; round <= rounds; round += 1) {
      hash = createHash('sha256').update(hash).digest('hex');
      if (round % 1_000 === 0) void ctx.progress({ percent: (100 * round) / rounds });
    }
  },
});

export default defineApp({
  name: 'archive',
  events: [],
  jobs: [importRows, hashDocument],
  tenants: knownTenants(['acme']),
});
