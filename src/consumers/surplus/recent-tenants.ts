/** Whose records were taken in lately: of so many records, and of those before them the less the older they are. */
export class RecentTenants {
  readonly #span: number;
  readonly #counts = new Map<string, number>();
  #sinceHalved = 0;
  #total = 0;

  /** `span`: after so many records all before them count half. */
  constructor(span: number) {
    this.#span = span;
  }

  /** A record of the tenant was taken in. */
  took(tenant: string): void {
    this.#counts.set(tenant, (this.#counts.get(tenant) ?? 0) + 1);
    this.#total += 1;
    this.#sinceHalved += 1;
    if (this.#sinceHalved >= this.#span) this.#halve();
  }

  /** What was seen so far says nothing about what comes. */
  forget(): void {
    this.#counts.clear();
    this.#total = 0;
    this.#sinceHalved = 0;
  }

  /** The part of each tenant, 0 to 1; empty until `least` records were taken in. */
  parts(least: number): ReadonlyMap<string, number> {
    const parts = new Map<string, number>();
    if (this.#total < least) return parts;
    for (const [tenant, count] of this.#counts) parts.set(tenant, count / this.#total);
    return parts;
  }

  /** Tenants that are forgotten still count in the total: else the large ones would look larger than they are. */
  #halve(): void {
    this.#sinceHalved = 0;
    this.#total /= 2;
    for (const [tenant, count] of this.#counts) {
      if (count < 2) this.#counts.delete(tenant);
      else this.#counts.set(tenant, count / 2);
    }
  }
}
