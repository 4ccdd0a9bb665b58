import { z } from 'zod';

/** `esteira compliance --json`. */
export const Compliance = z.object({
  app: z.string(),
  handlersRun: z.boolean(),
  jobs: z.array(
    z.object({
      type: z.string(),
      kind: z.string(),
      findings: z.array(
        z.object({
          line: z.string(),
          verdict: z.enum(['proved', 'breach', 'unproved']),
          says: z.string(),
          todo: z.string().optional().describe('there unless it is proved'),
        }),
      ),
    }),
  ),
  counts: z.object({ proved: z.int(), breach: z.int(), unproved: z.int() }),
  byReview: z.array(z.string()).describe('what no run can tell'),
});
