import { z } from 'zod';

/** `esteira doctor --json`. */
export const Doctor = z.object({
  checks: z.array(
    z.object({
      area: z.enum(['configuration', 'services', 'topics', 'groups', 'redis', 'registry', 'rights']),
      name: z.string(),
      verdict: z.enum(['ok', 'warning', 'problem', 'unknown']),
      says: z.string(),
      todo: z.string().optional().describe('there unless the verdict is ok'),
    }),
  ),
  counts: z.object({ ok: z.int(), warning: z.int(), problem: z.int(), unknown: z.int() }),
});
