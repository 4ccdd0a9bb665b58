import type { Program } from './program.ts';
import { fairness } from './programs/fairness.ts';
import { idle } from './programs/idle.ts';
import { keyIsolation } from './programs/key-isolation.ts';
import { latency } from './programs/latency.ts';
import { lateness } from './programs/lateness.ts';
import { manyTypes } from './programs/many-types.ts';
import { memory } from './programs/memory.ts';
import { parallelConsumer } from './programs/parallel-consumer.ts';
import { recovery } from './programs/recovery.ts';
import { scaling } from './programs/scaling.ts';
import { telemetry } from './programs/telemetry.ts';
import { throughput } from './programs/throughput.ts';

/** Every program, in the order of a whole run. */
export const PROGRAMS: readonly Program[] = [
  throughput,
  telemetry,
  latency,
  fairness,
  keyIsolation,
  lateness,
  recovery,
  memory,
  manyTypes,
  scaling,
  idle,
  parallelConsumer,
];
