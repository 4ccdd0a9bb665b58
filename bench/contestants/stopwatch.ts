import process from 'node:process';
import { z } from 'zod';
import { EffectReport } from './effects.ts';
import { epochMs } from './epoch.ts';

/** The measured part of a throughput run: from the end of the warm-up to the last effect. */
export const MeasuredWindow = z.object({
  jobs: z.number(),
  seconds: z.number(),
  /** CPU of the measured process (its threads included) for each job, microseconds. */
  cpuMicrosPerJob: z.number(),
});
export type MeasuredWindow = z.infer<typeof MeasuredWindow>;

/** What every throughput contestant answers. */
export const ThroughputResult = z.object({ window: MeasuredWindow, effects: EffectReport });
export type ThroughputResult = z.infer<typeof ThroughputResult>;

/** Starts when the warm-up is over and stops at the last effect. */
export class Stopwatch {
  #startedMs = Number.NaN;
  #startCpu = process.cpuUsage();
  #window: MeasuredWindow | undefined;

  start(): void {
    this.#startedMs = epochMs();
    this.#startCpu = process.cpuUsage();
  }

  stop(jobs: number): void {
    const seconds = (epochMs() - this.#startedMs) / 1_000;
    const { user, system } = process.cpuUsage(this.#startCpu);
    this.#window = { jobs, seconds, cpuMicrosPerJob: (user + system) / jobs };
  }

  /** Undefined before `stop`. */
  get window(): MeasuredWindow | undefined {
    return this.#window;
  }
}
