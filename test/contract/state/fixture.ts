import { randomUUID } from 'node:crypto';
import type { OrderedStateStore } from '../../../src/core/ports/order-state.ts';
import type {
  ClaimAnswer,
  ClaimRequest,
  CompleteRequest,
  DecideRequest,
  SettledRequest,
  StateStore,
  ToldRequest,
} from '../../../src/core/ports/state.ts';

/** One adapter under test. */
export interface StateFixture {
  /** A store over the same data as all others of this fixture, as another process would open one. */
  open(): Promise<OrderedStateStore>;
  /** Lets the store's clock move on by at least `ms`. */
  advance(ms: number): Promise<void>;
}

/** A lease, delay or lifetime that does not end within a test. */
export const LONG_MS = 3_600_000;
/** One that ends soon; nothing that is asked before `advance` may depend on it still being there. */
export const SHORT_MS = 60;

/** The names of one job. */
export interface Job {
  readonly jobType: string;
  readonly tenant: string;
  readonly idempotencyKey: string;
  readonly jobId: string;
}

/** A job that no other test knows. */
export const aJob = (over: Partial<Job> = {}): Job => ({
  jobType: 'send-receipt',
  tenant: `acme-${randomUUID()}`,
  idempotencyKey: randomUUID(),
  jobId: randomUUID(),
  ...over,
});

/** Another job of the same idempotency key, as a second event for the same effect makes one. */
export const rivalOf = (job: Job): Job => ({ ...job, jobId: randomUUID() });

const POSITION = 'billing.events/3/17';

/** A first delivery asking for a long lease. */
export const claimOf = (job: Job, over: Partial<ClaimRequest> = {}): ClaimRequest => ({
  ...job,
  hop: 0,
  position: POSITION,
  origin: POSITION,
  attempt: 1,
  starts: 0,
  maxAttempts: 3,
  maxStarts: 5,
  leaseMs: LONG_MS,
  run: randomUUID(),
  ...over,
});

export const completeOf = (
  job: Job,
  fence: number,
  over: Partial<CompleteRequest> = {},
): CompleteRequest => ({
  ...job,
  hop: 0,
  fence,
  origin: POSITION,
  event: Buffer.from('completed'),
  doneTtlMs: LONG_MS,
  ...over,
});

/** Word that the event of a done mark is durable. */
export const toldOf = (job: Job, fence: number, over: Partial<ToldRequest> = {}): ToldRequest => ({
  ...job,
  fence,
  origin: POSITION,
  doneTtlMs: LONG_MS,
  ...over,
});

/** The decision about the first copy of a job; `fence` undefined for one that was never claimed. */
export const decideOf = (
  job: Job,
  fence: number | undefined,
  over: Partial<DecideRequest> = {},
): DecideRequest => ({
  ...job,
  hop: 0,
  position: POSITION,
  origin: POSITION,
  ...(fence === undefined ? {} : { fence }),
  decision: Buffer.from('retry in 5m'),
  ttlMs: LONG_MS,
  ...over,
});

export const settledOf = (job: Job, over: Partial<SettledRequest> = {}): SettledRequest => ({
  ...job,
  hop: 0,
  position: POSITION,
  ...over,
});

/** The answer to a call with one request. */
export const one = async <T>(call: Promise<readonly T[]>): Promise<T> => {
  const answers = await call;
  const [answer] = answers;
  if (answer === undefined || answers.length !== 1)
    throw new Error(`${answers.length} answers to one request`);
  return answer;
};

/** Claims and gives back what was answered. */
export const claim = (store: StateStore, job: Job, over: Partial<ClaimRequest> = {}): Promise<ClaimAnswer> =>
  one(store.claim([claimOf(job, over)]));

/** Claims and fails unless the claim was given. */
export const claimRun = async (
  store: StateStore,
  job: Job,
  over: Partial<ClaimRequest> = {},
): Promise<Extract<ClaimAnswer, { kind: 'run' }>> => {
  const answer = await claim(store, job, over);
  if (answer.kind !== 'run') throw new Error(`the claim was answered ${JSON.stringify(answer)}`);
  return answer;
};
