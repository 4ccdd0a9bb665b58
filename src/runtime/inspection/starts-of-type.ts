import type { Controls } from '../../core/controls.ts';
import type { JobDefinition } from '../../core/job.ts';
import type { SaidOfType } from './said-of-types.ts';

/**
 * Whether jobs of a type may start: `free`; `paused` by an operator; `suspended` by a dependency that is down or by its
 * dead-letter guard; `stopped` by a problem of its processes; `in-part` when any of that holds for some tenants or
 * processes only.
 */
export type StartsOfType = 'free' | 'paused' | 'suspended' | 'stopped' | 'in-part';

/** The pause that an operator has ordered for a job type or its queue. */
export const operatorsPause = (rules: Controls, job: JobDefinition<unknown>) => {
  const pause = rules.pauseOfType(job);
  return pause?.guard === undefined ? pause : undefined;
};

/** Whether jobs of a type may start. */
export const startsOfType = (
  rules: Controls,
  job: JobDefinition<unknown>,
  { stopped, reporting }: SaidOfType,
): StartsOfType => {
  if (operatorsPause(rules, job) !== undefined) return 'paused';
  const guarded = rules.guarded(job.type);
  if (guarded.some(({ target }) => target.what === 'type')) return 'suspended';
  const whole = stopped.filter(({ tenant, processes }) => tenant === null && processes === reporting);
  if (whole.some(({ kind }) => kind === 'dependency')) return 'suspended';
  if (whole.length > 0) return 'stopped';
  return guarded.length + stopped.length > 0 ? 'in-part' : 'free';
};
