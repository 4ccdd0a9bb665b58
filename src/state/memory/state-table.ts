import type { Clock } from '../../core/clock.ts';
import type { ClaimId } from '../../core/ports/state.ts';
import { ExpiringMap } from './expiring-map.ts';
import { LimitTable } from './limit-table.ts';
import { OrderTable } from './order-table.ts';
import type { JobRecord, KeyRecord } from './state-records.ts';

/** What the memory store knows: one record an idempotency key, one a job, one a sequence that had trouble. */
export class StateTable {
  readonly order: OrderTable;
  readonly limits: LimitTable;
  /** What processes say of themselves, by process. */
  readonly reports: ExpiringMap<string>;
  readonly #clock: Clock;
  readonly #keys: ExpiringMap<KeyRecord>;
  readonly #jobs: ExpiringMap<JobRecord>;
  #lastFence = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#keys = new ExpiringMap(clock);
    this.#jobs = new ExpiringMap(clock);
    this.order = new OrderTable(clock);
    this.limits = new LimitTable(clock);
    this.reports = new ExpiringMap(clock);
  }

  nowMs(): number {
    return this.#clock.nowMs();
  }

  /** Larger than every fence before it, also while the clock stands still or steps back. */
  nextFence(): number {
    this.#lastFence = Math.max(this.#lastFence + 1, this.nowMs() * 1000);
    return this.#lastFence;
  }

  key(id: ClaimId): KeyRecord | undefined {
    return this.#keys.get(keyName(id));
  }

  setKey(id: ClaimId, record: KeyRecord, lifetimeMs: number): void {
    this.#keys.set(keyName(id), record, lifetimeMs);
  }

  replaceKey(id: ClaimId, record: KeyRecord): void {
    this.#keys.replace(keyName(id), record);
  }

  deleteKey(id: ClaimId): void {
    this.#keys.delete(keyName(id));
  }

  job(id: JobName): JobRecord | undefined {
    return this.#jobs.get(jobName(id));
  }

  setJob(id: JobName, record: JobRecord, lifetimeMs: number): void {
    this.#jobs.set(jobName(id), record, lifetimeMs);
  }

  replaceJob(id: JobName, record: JobRecord): void {
    this.#jobs.replace(jobName(id), record);
  }

  deleteJob(id: JobName): void {
    this.#jobs.delete(jobName(id));
  }
}

/** A job is known within its tenant and type: the same id under two tenants is two jobs. */
export type JobName = Pick<ClaimId, 'jobType' | 'tenant'> & { readonly jobId: string };

/** JSON quotes each part, so no two lists of parts read the same. */
const keyName = (id: ClaimId): string => JSON.stringify([id.jobType, id.tenant, id.idempotencyKey]);
const jobName = (id: JobName): string => JSON.stringify([id.jobType, id.tenant, id.jobId]);
