import type { Clock } from '../../core/clock.ts';
import { labelValue } from './label-value.ts';
import type { Count } from './metric-families.ts';

/** Tenants that are told apart at one time; what more come is counted for nobody. */
const MOST_REMEMBERED = 10_000;
const RANK_EVERY_MS = 300_000;
const HOUR_MS = 3_600_000;
/** Who comes in has so many times the jobs of who must go: two that are alike do not take turns. */
const CLEARLY_MORE = 1.5;

interface Tenant {
  readonly id: string;
  /** Jobs of late: halved at each ranking. */
  recent: number;
  /** Jobs since it came in; undefined while it is not shown. */
  shown: Count | undefined;
}

/**
 * The few tenants with the most jobs. Only they have a number of their own, and at most as many tenants as are shown
 * come in within an hour: what a store of metrics must keep is bounded, however many tenants there are.
 */
export class TopTenants {
  readonly #most: number;
  readonly #clock: Clock;
  readonly #tenants = new Map<string, Tenant>();
  #shown: Tenant[] = [];
  /** When tenants came in, epoch ms, within the last hour. */
  #came: number[] = [];
  #rankedMs: number;

  /** `most`: tenants to show; 0 for none. */
  constructor(most: number, clock: Clock) {
    this.#most = most;
    this.#clock = clock;
    this.#rankedMs = clock.nowMs();
  }

  /** A job of the tenant has ended. */
  count(id: string): void {
    const tenant = this.#tenants.get(id);
    if (tenant === undefined) this.#add(id);
    else {
      tenant.recent += 1;
      if (tenant.shown !== undefined) tenant.shown.value += 1;
    }
  }

  /** The numbers of those that are shown. */
  read(): readonly Count[] {
    this.#rank();
    return this.#shown.flatMap(({ shown }) => (shown === undefined ? [] : [shown]));
  }

  #add(id: string): void {
    if (this.#most === 0 || this.#tenants.size >= MOST_REMEMBERED) return;
    this.#tenants.set(id, { id, recent: 1, shown: undefined });
  }

  #rank(): void {
    const nowMs = this.#clock.nowMs();
    const isFirst = this.#shown.length === 0;
    if (!isFirst && nowMs - this.#rankedMs < RANK_EVERY_MS) return;
    this.#rankedMs = nowMs;
    this.#came = this.#came.filter((cameMs) => nowMs - cameMs < HOUR_MS);
    this.#shown.sort((a, b) => b.recent - a.recent);
    const waiting = [...this.#tenants.values()]
      .filter(({ shown }) => shown === undefined)
      .sort((a, b) => b.recent - a.recent)
      .slice(0, this.#most);
    for (const tenant of waiting) if (!this.#takeIn(tenant, nowMs)) break;
    this.#fade();
  }

  /** Answers whether the next one may be asked too. Two whose labels are alike have one place. */
  #takeIn(tenant: Tenant, nowMs: number): boolean {
    if (this.#came.length >= this.#most) return false;
    const label = labelValue(tenant.id);
    if (this.#shown.some(({ shown }) => shown?.labels['tenant'] === label)) return true;
    const last = this.#shown.at(-1);
    if (this.#shown.length >= this.#most) {
      if (last === undefined || tenant.recent <= last.recent * CLEARLY_MORE) return false;
      last.shown = undefined;
      this.#shown.pop();
    }
    tenant.shown = { labels: { tenant: label }, value: 0 };
    this.#shown.push(tenant);
    this.#shown.sort((a, b) => b.recent - a.recent);
    this.#came.push(nowMs);
    return true;
  }

  /** What was long ago counts less and less; who has done nothing for long is forgotten. */
  #fade(): void {
    for (const tenant of this.#tenants.values()) {
      tenant.recent /= 2;
      if (tenant.recent < 0.5 && tenant.shown === undefined) this.#tenants.delete(tenant.id);
    }
  }
}
