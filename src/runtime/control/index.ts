export { type CancelChange, cancelJob } from './cancel-job.ts';
export type { ControlChange, ControlParts } from './change-rule.ts';
export { changeLimit, type LimitValues } from './limits.ts';
export { controlRules } from './list-rules.ts';
export { changePause } from './pause.ts';
export { type PurgeChange, purgeQueue } from './purge.ts';
