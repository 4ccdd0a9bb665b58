import { createTenantResolver } from '../../consumers/tenant-resolver.ts';
import type { AppDefinition } from '../../core/app.ts';
import { systemClock } from '../../core/clock.ts';
import { type PauseTarget, pauseSubject, targetWords } from '../../core/control-rules.ts';
import { isEsteiraError } from '../../core/errors.ts';
import { unknownName } from '../../core/nearest-name.ts';
import {
  type ControlChange,
  type ControlParts,
  type ControlRequest,
  changeRule,
  refusedChange,
} from './change-rule.ts';

export interface PauseRequest extends ControlRequest {
  readonly change: 'pause' | 'resume';
  readonly target: PauseTarget;
}

export interface PauseParts extends ControlParts {
  readonly app: AppDefinition;
}

/** What is not there cannot be paused: a misspelt name must not look as if it had worked. */
const missing = (app: AppDefinition, target: PauseTarget): string | undefined => {
  if (target.what === 'queue')
    return app.queues.has(target.queue)
      ? undefined
      : unknownName(`app ${app.name} has no queue`, target.queue, [...app.queues.keys()]);
  if (target.jobType === undefined) return undefined;
  const job = app.jobs.find(({ type }) => type === target.jobType);
  if (job === undefined)
    return unknownName(
      `app ${app.name} has no job type`,
      target.jobType,
      app.jobs.map(({ type }) => type),
    );
  return target.what === 'key' && !job.ordered
    ? `job type ${job.type} has no order, so it has no keys`
    : undefined;
};

/** While the directory cannot be asked, the name is taken as it is: a pause must not wait for it. */
const missingTenant = async (app: AppDefinition, target: PauseTarget): Promise<string | undefined> => {
  if (target.what !== 'tenant' && target.what !== 'key') return undefined;
  try {
    const found = await createTenantResolver(app.tenants, systemClock).resolve(target.tenant);
    return found === undefined ? `the tenant directory knows no tenant ${target.tenant}` : undefined;
  } catch (error) {
    if (isEsteiraError(error, 'ESTEIRA_TENANTS_UNAVAILABLE')) return undefined;
    throw error;
  }
};

const EFFECTS: Readonly<Record<PauseTarget['what'], string>> = {
  queue: 'its records wait in their topics',
  type: 'its records wait in their topics',
  tenant:
    'its records are set aside, and those of other tenants go on; after a resume they come back within seconds',
  key: 'its records wait in order, and other keys go on',
};

const detailOf = ({ change, target }: PauseRequest): string =>
  change === 'pause'
    ? `${targetWords(target)}: nothing of it starts any more; ${EFFECTS[target.what]}; what runs now finishes`
    : `${targetWords(target)}: starts go on`;

/**
 * Pauses, or lets go on, a queue, a job type, a tenant or an ordering key. What is not the app's is refused; a resume of
 * what the app has no more is not. See {@link changeRule}.
 */
export const changePause = async (parts: PauseParts, request: PauseRequest): Promise<ControlChange> => {
  const { change, target } = request;
  const subject = pauseSubject(target);
  if (change === 'pause') {
    const problem = missing(parts.app, target) ?? (await missingTenant(parts.app, target));
    if (problem !== undefined) return refusedChange(subject, problem);
  }
  const draft = { kind: 'pause', target } as const;
  return changeRule(parts, request, {
    ...{ action: `control.${change}`, subject, detail: detailOf(request) },
    draft: change === 'pause' ? draft : undefined,
    tenantId: target.what === 'tenant' || target.what === 'key' ? target.tenant : '',
  });
};
