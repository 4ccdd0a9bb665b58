import type { Controls } from '../../core/controls.ts';
import type { JobDefinition } from '../../core/job.ts';
import type { SaidOfType } from './said-of-types.ts';

/**
 * Whether jobs of a type may start: `free`; `paused` by an operator; `suspended` by a dependency that is down or by its
 * dead-letter guard; `stopped` by a problem of its processes; `in-part` when one of the last two holds for some tenants
 * or processes only; `unknown` when no process says anything, and nobody has ordered anything.
 */
export type StartsOfType = 'free' | 'paused' | 'suspended' | 'stopped' | 'in-part' | 'unknown';

/** The pause that an operator has ordered for a job type or its queue. */
export const operatorsPause = (rules: Controls, job: JobDefinition<unknown>) => {
  const pause = rules.pauseOfType(job);
  return pause?.guard === undefined ? pause : undefined;
};

/** Whether jobs of a type may start. */
export const startsOfType = (
  rules: Controls,
  job: JobDefinition<unknown>,
  { running, stopped, reporting }: SaidOfType,
  members: number,
): StartsOfType => {
  if (operatorsPause(rules, job) !== undefined) return 'paused';
  const guarded = rules.guarded(job.type);
  if (guarded.some(({ target }) => target.what === 'type')) return 'suspended';
  const whole = stopped.filter(
    ({ tenant, processes }) => tenant === null && processes >= Math.max(reporting, members),
  );
  if (whole.some(({ kind }) => kind === 'dependency')) return 'suspended';
  if (whole.length > 0) return 'stopped';
  if (guarded.length + stopped.length > 0) return 'in-part';
  return running === null ? 'unknown' : 'free';
};
