import type { JobEvent } from '../../core/generated/job-event.ts';
import { isInboxOf } from '../../core/inbox.ts';
import type { JobDefinition } from '../../core/job.ts';
import type { JobEventType } from '../../core/job-event.ts';
import { names } from '../../core/names.ts';
import { GUARD_REASON } from '../../core/outcome.ts';
import { parsePosition } from '../../core/record.ts';
import type { InspectionParts } from './job-evidence.ts';
import { scanTelemetry, type TelemetryRead } from './telemetry-scan.ts';

/** Which job, and how far to look for it. */
export interface JobQuery {
  readonly jobId: string;
  /** Whose job it is, where that is known: fewer partitions are read. */
  readonly tenant?: string;
  /** How far to look back at most, epoch ms. */
  readonly sinceMs: number;
  readonly nowMs: number;
}

/** What was told of a job, and of the suspensions around it. */
export interface JobHistory {
  readonly events: readonly JobEvent[];
  readonly suspensions: readonly JobEvent[];
  readonly read: TelemetryRead;
}

/** Steps of one millisecond stand in the order in which a job takes them: one that is replayed may die again at once. */
const ORDER: readonly JobEventType[] = [
  ...([
    'job.dispatched',
    'job.started',
    'job.progress',
    'job.failed',
    'job.retried',
    'job.deferred',
  ] as const),
  ...(['job.replayed', 'job.skipped', 'job.sent_to_dlq', 'job.cancelled', 'job.completed'] as const),
];
const RANK: ReadonlyMap<string, number> = new Map(ORDER.map((type, index) => [type, index]));

const rankOf = ({ type }: JobEvent): number => RANK.get(type) ?? ORDER.length;

const byTime = (a: JobEvent, b: JobEvent): number =>
  a.time - b.time || a.attempt - b.attempt || rankOf(a) - rankOf(b);

/** The events, oldest first. */
export const inOrder = (events: Iterable<JobEvent>): readonly JobEvent[] => [...events].sort(byTime);

const isOneOf = (event: JobEvent, ...types: readonly JobEventType[]): boolean =>
  types.some((type) => type === event.type);

/** Whether nothing of the job was told before this event. */
const isBeginning = ({ app }: InspectionParts, event: JobEvent): boolean => {
  if (event.type === 'job.dispatched') return true;
  const origin = parsePosition(event.origin)?.topic;
  const tiers = app.ladderMs.map((ms) => names.tier(app.name, ms));
  const isOwn = (topic: string): boolean =>
    isInboxOf(app.name, event.jobType, topic) || tiers.includes(topic);
  return origin !== undefined && !isOwn(origin) && event.hop === 0 && event.starts <= 1;
};

/**
 * Reads the history of a job, newest first, until its beginning is found or the time is over.
 *
 * @throws EsteiraError ESTEIRA_TOPICS_DIFFER, ESTEIRA_BROKER_UNAVAILABLE, ESTEIRA_REGISTRY_UNAVAILABLE
 */
export const readHistory = async (parts: InspectionParts, query: JobQuery): Promise<JobHistory> => {
  const { jobId, tenant, sinceMs, nowMs } = query;
  const { broker, serde } = parts.backend;
  const own = new Map<string, JobEvent>();
  const suspensions = new Map<string, JobEvent>();
  const read = await scanTelemetry({
    ...{ app: parts.app, admin: broker.admin, serde, sinceMs, nowMs },
    wanted: [jobId, 'job.suspended', 'job.resumed'],
    ...(tenant === undefined ? {} : { tenant }),
    onFound: (events) => {
      for (const event of events) {
        if (event.jobId === jobId) own.set(event.eventId, event);
        if (isOneOf(event, 'job.suspended', 'job.resumed')) suspensions.set(event.eventId, event);
      }
      return [...own.values()].some((event) => isBeginning(parts, event));
    },
  });
  return { events: inOrder(own.values()), suspensions: inOrder(suspensions.values()), read };
};

/** What a dead-letter guard has suspended stands on the control topic, which knows when it is over. */
const isOfGuard = ({ reason }: JobEvent): boolean => reason === GUARD_REASON;

/** The suspension that holds for a job, as last told; undefined when there is none, or starts go on again. */
export const suspensionOf = (
  suspensions: readonly JobEvent[],
  job: JobDefinition<unknown>,
  tenant: string | undefined,
): JobEvent | undefined => {
  const scopes = new Map<string, JobEvent>();
  for (const event of suspensions) {
    if (event.jobType !== job.type || isOfGuard(event)) continue;
    const isForAll = event.dimensions['scope'] === 'type';
    if (isForAll || event.tenantId === tenant)
      scopes.set(`${isForAll} ${event.reason} ${event.service} ${event.host}`, event);
  }
  return [...scopes.values()].filter(({ type }) => type === 'job.suspended').at(-1);
};
