import { z } from 'zod';

const offset = z.string().regex(/^\d+$/).describe('an offset, as text');
const partitions = { topic: z.string(), role: z.string(), from: z.int(), to: z.int() };

/** `esteira topics plan --json`, and of `apply` what was done. */
export const TopicsPlan = z.object({
  app: z.string(),
  settled: z.boolean().describe('whether there is nothing to do and nothing wrong'),
  create: z.array(
    z.object({
      topic: z.string(),
      role: z.string(),
      partitions: z.int(),
      replicationFactor: z.int(),
      config: z.record(z.string(), z.string()),
    }),
  ),
  grow: z.array(z.object(partitions)),
  alter: z.array(
    z.object({ topic: z.string(), key: z.string(), from: z.string().optional(), to: z.string() }),
  ),
  firstOffsets: z.array(
    z.object({
      groupId: z.string(),
      topic: z.string(),
      from: z.string().describe('beginning, now, or a time in ISO 8601'),
      offsets: z.array(z.object({ topic: z.string(), partition: z.int(), offset })),
      waiting: z.int(),
      skipped: z.int(),
    }),
  ),
  outOfRange: z.array(
    z.object({
      groupId: z.string(),
      topic: z.string(),
      partition: z.int(),
      committed: offset,
      low: offset,
      high: offset,
    }),
  ),
  orphans: z.array(
    z.object({
      topic: z.string(),
      kind: z.enum(['tier', 'inbox', 'waiting topic', 'DLQ']),
      records: z.int(),
      members: z.int(),
    }),
  ),
  drop: z.array(z.string()).describe('orphans that are deleted'),
  refused: z.array(z.object({ subject: z.string(), why: z.string(), todo: z.string() })),
});
