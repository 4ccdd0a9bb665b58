import { hasLimits } from '../../consumers/limits/limit-book.ts';
import type { AppDefinition } from '../../core/app.ts';
import { type LimitRule, limitSubject } from '../../core/control-rules.ts';
import { unknownName } from '../../core/nearest-name.ts';
import type { StartRate } from '../../core/start-rate.ts';
import {
  type ControlChange,
  type ControlParts,
  type ControlRequest,
  changeRule,
  refusedChange,
} from './change-rule.ts';

/** Limits as an operator sets them; what is absent stays the app's. */
export interface LimitValues {
  readonly concurrency?: number;
  readonly limit?: number;
  readonly startRate?: StartRate;
}

export interface LimitRequest extends ControlRequest {
  readonly queue: string;
  /** Absent: the queue's own limits. */
  readonly tenant?: string;
  /** Undefined takes away what an operator has set. */
  readonly values: LimitValues | undefined;
}

export interface LimitParts extends ControlParts {
  readonly app: AppDefinition;
}

const problemOf = ({ app }: LimitParts, { queue: name, values }: LimitRequest): string | undefined => {
  if (values === undefined) return undefined;
  const queue = app.queues.get(name);
  if (queue === undefined) return unknownName(`app ${app.name} has no queue`, name, [...app.queues.keys()]);
  const { concurrency, limit, startRate } = values;
  if (concurrency === undefined && limit === undefined && startRate === undefined)
    return 'no limit was said: give a concurrency, a limit or a start rate';
  if ((limit !== undefined || startRate !== undefined) && !hasLimits(queue))
    return `queue ${name} counts nothing over all processes in the app, so workers that run could not obey: give it a limit there first, a high one if need be (queues: { '${name}': { limit: 10_000 } })`;
  return undefined;
};

const wordsOf = ({ concurrency, limit, startRate }: LimitValues): string =>
  [
    ...(concurrency === undefined ? [] : [`at most ${concurrency} at once in one process`]),
    ...(limit === undefined ? [] : [`at most ${limit} at once over all processes`]),
    ...(startRate === undefined ? [] : [`at most ${startRate.count} starts in ${startRate.perMs} ms`]),
  ].join(', ');

/**
 * Sets the limits of a queue, or of a tenant in it, in place of the app's, or takes them away again. A rule is set as a
 * whole: what it does not name is as the app says. What runs is let run. See {@link changeRule}.
 */
export const changeLimit = async (parts: LimitParts, request: LimitRequest): Promise<ControlChange> => {
  const { queue, tenant, values } = request;
  const whose = { queue, ...(tenant === undefined ? {} : { tenant }) };
  const subject = limitSubject(whose);
  const problem = problemOf(parts, request);
  if (problem !== undefined) return refusedChange(subject, problem);
  const what = `queue ${queue}${tenant === undefined ? '' : `, tenant ${tenant}`}`;
  const draft: Omit<LimitRule, 'v' | 'atMs' | 'actor' | 'reason' | 'auditId'> | undefined =
    values === undefined ? undefined : { kind: 'limit', ...whose, ...values };
  return changeRule(parts, request, {
    ...{ action: values === undefined ? 'limits.clear' : 'limits.set', subject, draft },
    tenantId: tenant ?? '',
    detail: `${what}: ${values === undefined ? 'the limits of the app hold again' : wordsOf(values)}`,
  });
};
