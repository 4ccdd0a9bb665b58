import { readPositions } from '../../consumers/dead-letters/read-positions.ts';
import { scanDeadLetters } from '../../consumers/dead-letters/scan.ts';
import type { Delivery } from '../../consumers/delivery.ts';
import { sequenceOf } from '../../consumers/ordered/placed.ts';
import { createTenantResolver } from '../../consumers/tenant-resolver.ts';
import { systemClock } from '../../core/clock.ts';
import type { Controls } from '../../core/controls.ts';
import { isEsteiraError } from '../../core/errors.ts';
import type { JobEvent } from '../../core/generated/job-event.ts';
import type { JobDefinition } from '../../core/job.ts';
import { silentLog } from '../../core/ports/log.ts';
import {
  type ConsumedRecord,
  formatPosition,
  parsePosition,
  type RecordPosition,
} from '../../core/record.ts';
import { UNKNOWN_TENANT } from '../../core/tenants.ts';
import { openControlLog } from '../control/control-log.ts';
import { controlRules } from '../control/list-rules.ts';
import { type LetterFact, readLetterLedger } from '../letters/letter-ledger.ts';
import { deliveryOf } from './delivery-of.ts';
import { type InspectionParts, type JobEvidence, lastStep, type OrderEvidence } from './job-evidence.ts';
import { type JobHistory, type JobQuery, readHistory, suspensionOf } from './job-history.ts';
import { type LimitUse, limitsOf } from './limit-use.ts';
import { findCopies, type LiveCopy } from './live-copies.ts';
import { ReadBudget } from './read-budget.ts';
import { scanSequences, sequenceName } from './sequence-scan.ts';

/** Records that are on their way, to look at most. */
const MOST_LIVE_RECORDS = 300_000;
/** A dead letter is written this long before it is told, at most. */
const DEATH_SLACK_MS = 300_000;

/** Looks things up one by one; what cannot be looked up is noted, so that the rest can still be told. */
class Look {
  readonly gaps: string[] = [];

  async at<T>(what: string, find: () => Promise<T>): Promise<T | undefined> {
    try {
      return await find();
    } catch (error) {
      if (!isEsteiraError(error)) throw error;
      this.gaps.push(`${what} could not be looked up: ${error.code}: ${error.message}`);
      return undefined;
    }
  }
}

/** The copy that is the furthest on its way. */
const furthest = (copies: readonly LiveCopy[]): LiveCopy | undefined => {
  const rank = ({ headers, role }: LiveCopy): number =>
    2 * (headers?.hop ?? 0) + (role === 'waiting' ? 1 : 0);
  return copies.reduce<LiveCopy | undefined>(
    (best, copy) => (best === undefined || rank(copy) > rank(best) ? copy : best),
    undefined,
  );
};

const originRecord = async (
  { backend }: InspectionParts,
  origin: string | undefined,
): Promise<ConsumedRecord | undefined> => {
  const position = parsePosition(origin ?? '');
  if (position === undefined) return undefined;
  for await (const [record] of readPositions(backend.broker.admin, [position])) return record;
  return undefined;
};

const orderOf = async (
  { app, backend }: InspectionParts,
  job: JobDefinition<unknown>,
  delivery: Delivery,
  budget: ReadBudget,
): Promise<OrderEvidence | undefined> => {
  const { order } = delivery;
  if (order === undefined) return undefined;
  const sequence = sequenceOf(delivery, order);
  const [state] = await backend.state.order.inspect([sequence]);
  if (state === undefined) return undefined;
  const name = sequenceName(sequence);
  const parked = (await scanSequences(app, backend.broker.admin, job, budget)).find(
    ({ id }) => sequenceName(id) === name,
  );
  const open = [...(parked?.copies.values() ?? [])]
    .filter(({ place }) => place > (state.passed ?? -1))
    .sort((a, b) => a.place - b.place);
  const [front] = open;
  return {
    ...{ sequence, state, place: order.place, where: order.where },
    before: open.filter(({ place }) => place < order.place).length,
    ...(front === undefined ? {} : { front: { place: front.place, jobId: front.jobId } }),
  };
};

const limitsFor = async (
  { app, backend }: InspectionParts,
  job: JobDefinition<unknown>,
  tenantId: string,
  rules: Controls | undefined,
): Promise<readonly LimitUse[]> => {
  const tenants = createTenantResolver(app.tenants, systemClock);
  await tenants.resolve(tenantId);
  const tier = tenants.tierOf(tenantId);
  const tenant = { id: tenantId, ...(tier === undefined ? {} : { tier }) };
  return limitsOf(app, backend.state.limits, job.queue, tenant, rules);
};

const deadLetterOf = async (
  { app, backend }: InspectionParts,
  job: JobDefinition<unknown>,
  jobId: string,
  deadAtMs: number,
): Promise<RecordPosition | undefined> => {
  let found: RecordPosition | undefined;
  const filter = { jobId, sinceMs: deadAtMs - DEATH_SLACK_MS };
  await scanDeadLetters(app, backend.broker.admin, [job], filter, ({ at }) => {
    found = at;
  });
  return found;
};

const letterFateOf = async (
  { app, backend }: InspectionParts,
  at: RecordPosition,
): Promise<LetterFact | undefined> => {
  const facts = { ns: app.name, broker: backend.broker, clock: systemClock, log: silentLog };
  const control = await openControlLog(facts);
  try {
    return (await readLetterLedger(control)).historyOf(at).at(-1);
  } finally {
    await control.close();
  }
};

/** A job's dead letter, and what operators did about it last; nothing for a job that is not dead. */
const findLetter = async (
  parts: InspectionParts,
  job: JobDefinition<unknown> | undefined,
  last: JobEvent | undefined,
  look: Look,
): Promise<Pick<JobEvidence, 'deadLetter' | 'letterFate'>> => {
  if (job === undefined || last?.type !== 'job.sent_to_dlq')
    return { deadLetter: undefined, letterFate: undefined };
  const at = await look.at('its dead letter', () => deadLetterOf(parts, job, last.jobId, last.time));
  if (at === undefined) return { deadLetter: undefined, letterFate: undefined };
  const letterFate = await look.at('what became of its dead letter', () => letterFateOf(parts, at));
  return { deadLetter: formatPosition(at), letterFate };
};

const isOver = ({ events }: JobHistory): boolean => {
  const last = lastStep({ history: events })?.type;
  return last === 'job.completed' || last === 'job.cancelled' || last === 'job.sent_to_dlq';
};

/** What the topics say: the copy that is on its way, and the record as the workers understand it. */
const findRecord = async (parts: InspectionParts, history: JobHistory, jobId: string, look: Look) => {
  const { app, backend } = parts;
  const budget = new ReadBudget(MOST_LIVE_RECORDS);
  const told = history.events.at(-1);
  const ofType = app.jobs.find(({ type }) => type === told?.jobType);
  const jobs = told === undefined ? app.jobs : ofType === undefined ? [] : [ofType];
  const search = { app, admin: backend.broker.admin, jobs, jobId, budget };
  const copies = isOver(history) ? [] : await look.at('its copies on the way', () => findCopies(search));
  const copy = furthest(copies ?? []);
  const job = ofType ?? copy?.job;
  const record = copy?.record ?? (await look.at('its first record', () => originRecord(parts, told?.origin)));
  // Of an unknown tenant, the store knows the job by what its record says.
  const tenant = told === undefined || told.tenantId === UNKNOWN_TENANT ? {} : { tenant: told.tenantId };
  const delivery =
    job === undefined || record === undefined
      ? undefined
      : await look.at('its payload', () => deliveryOf({ app, serde: backend.serde, job, record, ...tenant }));
  return { job, copy, delivery, budget };
};

type Found = Awaited<ReturnType<typeof findRecord>>;

/** What the store says. */
const findState = async (
  parts: InspectionParts,
  found: Found,
  tenant: string | undefined,
  rules: Controls | undefined,
  look: Look,
) => {
  const { job, copy, delivery, budget } = found;
  const claims =
    delivery === undefined
      ? undefined
      : await look.at('its claim', () => parts.backend.state.inspect([delivery.claim]));
  const isPlaced = job !== undefined && delivery !== undefined && copy !== undefined && copy.role !== 'tier';
  return {
    claim: claims?.[0],
    order: isPlaced
      ? await look.at('its ordering key', () => orderOf(parts, job, delivery, budget))
      : undefined,
    limits:
      job === undefined || copy === undefined || tenant === undefined
        ? []
        : ((await look.at('the limits of its queue', () => limitsFor(parts, job, tenant, rules))) ?? []),
  };
};

/**
 * Everything that can be found about a job, without changing anything: what was told of it, its copies on the way, its
 * claim, its sequence, what holds its queue back.
 *
 * @throws EsteiraError ESTEIRA_TOPICS_DIFFER, ESTEIRA_BROKER_UNAVAILABLE, ESTEIRA_REGISTRY_UNAVAILABLE: what was told
 *   cannot be read. Whatever else cannot be looked up is among the gaps.
 */
export const inspectJob = async (
  parts: InspectionParts,
  query: JobQuery,
  read: typeof readHistory = readHistory,
): Promise<JobEvidence> => {
  const { jobId, nowMs } = query;
  const history = await read(parts, query);
  const look = new Look();
  const found = await findRecord(parts, history, jobId, look);
  const { job, copy, delivery, budget } = found;
  const tenant = history.events.at(-1)?.tenantId ?? delivery?.tenant ?? query.tenant;
  const last = lastStep({ history: history.events });
  const rules = await look.at('what operators have ordered', () =>
    controlRules({ ...parts, log: silentLog }),
  );
  return {
    ...{ jobId, nowMs, job, tenant, history: history.events, copy, delivery, telemetry: history.read },
    queue: job === undefined ? undefined : parts.app.queues.get(job.queue),
    ...(await findState(parts, found, tenant, rules, look)),
    suspension: job === undefined ? undefined : suspensionOf(history.suspensions, job, tenant),
    ...(await findLetter(parts, job, last, look)),
    rules,
    isCut: budget.isCut,
    gaps: look.gaps,
  };
};
