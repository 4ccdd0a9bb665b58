import { performance } from 'node:perf_hooks';

/** Epoch milliseconds with a fraction: comparable between processes of one machine. */
export const epochMs = (): number => performance.timeOrigin + performance.now();
