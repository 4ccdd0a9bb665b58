import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ROOT } from '../source-files.ts';

const target = z.object({
  refId: z.string(),
  expr: z.string(),
  legendFormat: z.string(),
  datasource: z.object({ type: z.literal('prometheus'), uid: z.string() }),
  instant: z.boolean().optional(),
});

const panel = z.object({
  id: z.int().positive(),
  type: z.enum(['row', 'timeseries', 'stat', 'table']),
  title: z.string().min(1),
  description: z.string().optional(),
  gridPos: z.object({ x: z.int(), y: z.int(), w: z.int(), h: z.int() }),
  targets: z.array(target).optional(),
  fieldConfig: z.object({ defaults: z.object({ unit: z.string() }) }).optional(),
});

const board = z.object({
  uid: z.string().regex(/^esteira-[a-z-]+$/),
  title: z.string(),
  schemaVersion: z.number(),
  templating: z.object({
    list: z.array(z.object({ name: z.string(), definition: z.string().optional() })),
  }),
  annotations: z.object({ list: z.array(z.object({ expr: z.string() })) }),
  panels: z.array(panel),
});

/** A board as it lies in the folder. */
export type BoardFile = z.infer<typeof board>;

/** The boards that Grafana imports. */
export const readBoards = (): readonly BoardFile[] => {
  const folder = join(ROOT, 'dashboards/grafana/boards');
  return readdirSync(folder)
    .sort()
    .map((name) => board.parse(JSON.parse(readFileSync(join(folder, name), 'utf8'))));
};
