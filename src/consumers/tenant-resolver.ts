import type { Clock } from '../core/clock.ts';
import { EsteiraError } from '../core/errors.ts';
import type { TenantDirectory } from '../core/tenants.ts';

/** Resolves tenants with a short memory, so that a directory is not asked for every record. */
export interface TenantResolver {
  /**
   * The tenant's id, at once while it is remembered; undefined when there is none.
   *
   * @throws EsteiraError ESTEIRA_TENANTS_UNAVAILABLE: ask again later.
   */
  resolve(id: string | undefined): string | undefined | Promise<string | undefined>;
  /** The tier of a tenant that was resolved, as last heard. */
  tierOf(id: string): string | undefined;
  /** Calls back when a tenant's tier is another than was last heard. */
  onTierChanged(listener: (id: string) => void): void;
}

const KNOWN_FOR_MS = 30_000;
const UNKNOWN_FOR_MS = 5_000;
const MOST_REMEMBERED = 10_000;

interface Memory {
  /** What the directory said; a promise until it has. */
  answer: string | undefined | Promise<string | undefined>;
  untilMs: number;
  tier: string | undefined;
}

/** Puts a memory before a directory: known tenants for 30 s, unknown ones for 5 s, failures not at all. */
export const createTenantResolver = (directory: TenantDirectory, clock: Clock): TenantResolver => {
  const remembered = new Map<string, Memory>();
  const listeners: ((id: string) => void)[] = [];

  const ask = (id: string): Promise<string | undefined> => {
    const asked = directory.resolve(id).then(
      (tenant) => {
        memory.answer = tenant?.id;
        const isOther = memory.tier !== tenant?.tier;
        memory.tier = tenant?.tier;
        if (isOther) for (const listener of listeners) listener(id);
        memory.untilMs = clock.nowMs() + (tenant === undefined ? UNKNOWN_FOR_MS : KNOWN_FOR_MS);
        return memory.answer;
      },
      (error: unknown) => {
        remembered.delete(id);
        const what = error instanceof Error ? error.name : typeof error;
        throw new EsteiraError('ESTEIRA_TENANTS_UNAVAILABLE', `the tenant directory rejected with ${what}`, {
          facts: { error: what },
          cause: error,
        });
      },
    );
    const { tier } = remembered.get(id) ?? {};
    const memory: Memory = { answer: asked, untilMs: Number.POSITIVE_INFINITY, tier };
    if (remembered.size >= MOST_REMEMBERED) remembered.clear();
    remembered.set(id, memory);
    return asked;
  };

  return {
    tierOf: (id) => remembered.get(id)?.tier,
    onTierChanged: (listener) => void listeners.push(listener),
    resolve: (id) => {
      if (id === undefined || id === '') return undefined;
      const memory = remembered.get(id);
      return memory !== undefined && memory.untilMs > clock.nowMs() ? memory.answer : ask(id);
    },
  };
};
