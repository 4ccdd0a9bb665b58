import { z } from 'zod';
import { AppShape } from './app-shape.ts';
import { EffectReport } from './effects.ts';
import { MeasuredWindow } from './stopwatch.ts';

/** What a measured worker is asked for. */
export const WorkerInput = z.object({
  shape: AppShape,
  concurrency: z.number(),
  /** Pieces of work there can be at most. */
  capacity: z.number(),
  /** Effects after which it is done; absent: it is told (`{ expect }`), or told to stop (`stop`). */
  expected: z.number().optional(),
  /** Effects that are warm-up. */
  warm: z.number().default(0),
  telemetry: z.boolean().default(true),
  /** Whether waits are noted. */
  waits: z.boolean().default(false),
  /** Numbers of effects at which to collect garbage and look at the memory; needs --expose-gc. */
  memoryAt: z.array(z.number()).default([]),
  /** The tenant whose jobs that are set aside are counted. */
  floodingTenant: z.string().optional(),
});
export type WorkerInput = z.infer<typeof WorkerInput>;
/** The same as programs write it down. */
export type WorkerPlan = z.input<typeof WorkerInput>;

/** What a measured worker found. */
export const WorkerResult = z.object({
  effects: EffectReport,
  /** Absent when there was no warm-up, or when it was stopped before its end. */
  window: MeasuredWindow.optional(),
  /** When the first handler started, epoch ms. */
  firstStartMs: z.number(),
  /** Effects over time: [epoch ms, count]; the last is the end. */
  timeline: z.array(z.tuple([z.number(), z.number()])),
  /** Waits from publish to first start by lane, ms. */
  waitsMs: z.record(z.string(), z.array(z.number())),
  /** Heap and external bytes after collection. */
  memoryBytes: z.array(z.number()),
  /** Jobs of the flooding tenant that were set aside, and from when to when, epoch ms. */
  setAside: z.object({ count: z.number(), firstMs: z.number(), lastMs: z.number() }),
  /** How often each piece took effect, base64 of one byte each. */
  counts: z.string(),
});
export type WorkerResult = z.infer<typeof WorkerResult>;
