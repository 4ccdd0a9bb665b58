import type { AppDefinition } from '../../core/app.ts';
import { cancelSubject } from '../../core/control-rules.ts';
import { explainJob } from '../inspection/explain-job.ts';
import type { JobState } from '../inspection/explanation.ts';
import { inspectJob } from '../inspection/inspect-job.ts';
import type { InspectionParts } from '../inspection/job-evidence.ts';
import {
  type ControlChange,
  type ControlParts,
  type ControlRequest,
  changeRule,
  refusedChange,
} from './change-rule.ts';

export interface CancelRequest extends ControlRequest {
  readonly jobId: string;
  /** Whose it is: less is read. */
  readonly tenant?: string;
  /** How far to look back, epoch ms. */
  readonly sinceMs: number;
}

export interface CancelParts extends ControlParts {
  readonly app: AppDefinition;
  readonly backend: InspectionParts['backend'];
}

/** `too_late`: it has ended. */
export type CancelPoint = 'waiting' | 'running' | 'too_late' | 'unknown';

/** What a cancel comes to. */
export interface CancelChange extends ControlChange {
  readonly point: CancelPoint;
  readonly state: JobState;
}

const ENDED: readonly JobState[] = ['completed', 'skipped', 'dead', 'cancelled'];

const pointOf = (state: JobState): CancelPoint => {
  if (state === 'unknown') return 'unknown';
  if (ENDED.includes(state)) return 'too_late';
  return state === 'running' ? 'running' : 'waiting';
};

const DETAILS: Readonly<Record<'waiting' | 'running', string>> = {
  waiting: 'it waits: it ends as cancelled, without a start, when its turn comes',
  running:
    'it runs: its signal aborts; a handler that stops for it ends the job as cancelled, one that returns all the same has completed it',
};

/**
 * Ends a job before it completes. What has ended is refused, and so is what is not to be found. See {@link changeRule}.
 */
export const cancelJob = async (parts: CancelParts, request: CancelRequest): Promise<CancelChange> => {
  const { jobId, tenant, sinceMs, nowMs } = request;
  const subject = cancelSubject(jobId);
  const query = { jobId, sinceMs, nowMs, ...(tenant === undefined ? {} : { tenant }) };
  const found = await inspectJob(parts, query);
  const { state, says } = explainJob(found);
  const point = pointOf(state);
  const jobType = found.job?.type ?? found.history.at(-1)?.jobType;
  if (point === 'too_late')
    return { ...refusedChange(subject, `too late: it is ${state}. ${says}`), point, state };
  if (point === 'unknown' || jobType === undefined) {
    return { ...refusedChange(subject, `it was not found. ${says}`), point: 'unknown', state };
  }
  const change = await changeRule(parts, request, {
    ...{ action: 'jobs.cancel', subject, detail: DETAILS[point] },
    draft: { kind: 'cancel', jobId, jobType },
    tenantId: found.tenant ?? '',
    facts: { jobType, state },
  });
  return { ...change, point, state };
};
