import { z } from 'zod';

/** `esteira schemas generate --json`. */
export const SchemasGenerate = z.object({
  written: z.array(z.string()).optional(),
  stale: z.array(z.string()).optional().describe('only with --check, in place of written'),
});

/** `esteira schemas check --json`. */
export const SchemasCheck = z.object({
  breaches: z.array(z.object({ file: z.string(), path: z.string(), problem: z.string() })),
  checks: z.array(
    z.object({
      file: z.string(),
      subject: z.string(),
      state: z.enum(['new', 'same', 'compatible', 'incompatible']),
      messages: z.array(z.string()),
    }),
  ),
});

/** `esteira schemas register --json`. */
export const SchemasRegister = z.object({
  registrations: z.array(
    z.object({
      file: z.string(),
      subject: z.string(),
      id: z.int(),
      version: z.int(),
      registered: z.boolean().describe('false when it was there before'),
    }),
  ),
});
