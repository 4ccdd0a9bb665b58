import type { EffectReport } from '../contestants/effects.ts';

/** A run that did not do what it was measured for: its figures would be lies. */
export class BenchFailure extends Error {}

/** @throws BenchFailure unless every piece of work took effect exactly once, in order where that is promised. */
export const mustBeExact = (report: EffectReport, what: string): void => {
  const { missing, repeated, disordered } = report;
  if (missing === 0 && repeated === 0 && disordered === 0) return;
  throw new BenchFailure(`${what}: ${missing} missing, ${repeated} repeated, ${disordered} out of order`);
};
