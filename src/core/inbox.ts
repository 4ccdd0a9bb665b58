import { type Lane, names } from './names.ts';
import type { Problems } from './problems.ts';

/** The options of a job type that say which inboxes it has beside its plain one. */
export interface InboxOptions {
  /**
   * Lanes beside the plain inbox: `true` for high (priorities 1 to 3) and low (8 to 10), `false` for none. A job in the
   * high lane starts ahead of any backlog of the others. Default: high for unordered types that have a `payload` of
   * their own, since those are dispatched; none for the rest. Order holds within one lane only.
   */
  readonly lanes?: boolean;
  /**
   * Tenants, by id, with inboxes of their own, lanes included: their jobs wait there, behind nobody else's, and nobody
   * waits behind theirs. Not for ordered types. Default none.
   */
  readonly dedicated?: readonly string[];
  /**
   * Whether the surplus of a tenant that floods a partition is moved aside, so that others behind it do not wait for its
   * work: to an inbox for that, or, where the type is ordered, to its waiting topic. Default true.
   */
  readonly surplus?: boolean;
}

/** The inboxes of a job type, worked out. */
export interface InboxPolicy {
  /** Lanes beside the normal one. */
  readonly lanes: readonly Exclude<Lane, 'normal'>[];
  /** Ids of tenants with inboxes of their own, each once. */
  readonly dedicated: readonly string[];
  /** Where the surplus of a tenant that floods goes: an inbox of its own, or the waiting topic of an ordered type. */
  readonly surplus: 'inbox' | 'waiting' | 'stays';
}

/** What is needed to know the inboxes of a job type. */
export type InboxOwner = InboxPolicy & { readonly type: string };

const LAST_HIGH = 3;
const FIRST_LOW = 8;

/** The lane of a priority, where there are all lanes. */
const laneOf = (priority: number): Lane =>
  priority <= LAST_HIGH ? 'high' : priority >= FIRST_LOW ? 'low' : 'normal';

/** Works out the inboxes of a job type; what is wrong goes to `problems`. */
export const resolveInboxes = (
  { lanes, dedicated = [], surplus = true }: InboxOptions,
  around: { readonly where: string; readonly ordered: boolean; readonly hasPayload: boolean },
  problems: Problems,
): InboxPolicy => {
  const { where, ordered, hasPayload } = around;
  if (ordered && dedicated.length > 0) {
    problems.add(
      `${where}: dedicated names tenants, but the type is ordered: events that are under way would be overtaken by those that go to the new inbox; say order: 'none', or give the tenants a job type of their own`,
    );
  }
  if (dedicated.some((tenant) => typeof tenant !== 'string' || tenant === ''))
    problems.add(`${where}: dedicated names something that is no tenant id: give texts`);
  const isUrgent = lanes ?? (hasPayload && !ordered);
  return {
    lanes: isUrgent ? (lanes === true ? ['high', 'low'] : ['high']) : [],
    dedicated: [...new Set(dedicated)],
    surplus: surplus ? (ordered ? 'waiting' : 'inbox') : 'stays',
  };
};

/** Every inbox of a job type, each once, those that are to be read first before the others. */
export const inboxesOf = (ns: string, job: InboxOwner): readonly string[] => [
  ...(['high', 'normal', 'low'] as const)
    .filter((lane) => lane === 'normal' || job.lanes.includes(lane))
    .flatMap((lane) =>
      [undefined, ...job.dedicated].map((tenant) => names.inbox(ns, job.type, lane, tenant)),
    ),
  ...(job.surplus === 'inbox' ? [names.surplus(ns, job.type)] : []),
];

/** The inboxes of a job type in which nobody stands in the way of others: what is there is left there. */
export const ownInboxesOf = (ns: string, job: InboxOwner): readonly string[] => {
  const shared = inboxesOf(ns, { ...job, dedicated: [], surplus: 'stays' });
  return inboxesOf(ns, job).filter((topic) => !shared.includes(topic));
};

/** The inbox for a job of this tenant and priority: the same for its dispatch, its retries and its replays. */
export const inboxFor = (ns: string, job: InboxOwner, tenant: string, priority = 5): string => {
  const lane = laneOf(priority);
  const isLane = lane !== 'normal' && job.lanes.includes(lane);
  const owner = job.dedicated.includes(tenant) ? tenant : undefined;
  return names.inbox(ns, job.type, isLane ? lane : 'normal', owner);
};

/** Whether a topic is, or once was, an inbox of the job type: its plain one, a lane, a tenant's own, or for surplus. */
export const isInboxOf = (ns: string, type: string, topic: string): boolean => {
  const plain = names.inbox(ns, type);
  return topic === plain || topic.startsWith(`${plain}.`);
};
