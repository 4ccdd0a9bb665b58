import type { Clock } from '../core/clock.ts';
import { EsteiraError } from '../core/errors.ts';
import type { TenantDirectory } from '../core/tenants.ts';

/** Resolves tenants with a short memory, so that a directory is not asked for every record. */
export interface TenantResolver {
  /** The tenant's id; undefined when there is none. @throws EsteiraError ESTEIRA_TENANTS_UNAVAILABLE: ask again later. */
  resolve(id: string | undefined): Promise<string | undefined>;
}

const KNOWN_FOR_MS = 30_000;
const UNKNOWN_FOR_MS = 5_000;
const MOST_REMEMBERED = 10_000;

interface Memory {
  readonly answer: Promise<string | undefined>;
  untilMs: number;
}

/** Puts a memory before a directory: known tenants for 30 s, unknown ones for 5 s, failures not at all. */
export const createTenantResolver = (directory: TenantDirectory, clock: Clock): TenantResolver => {
  const remembered = new Map<string, Memory>();

  const ask = (id: string): Promise<string | undefined> => {
    const memory: Memory = {
      untilMs: Number.POSITIVE_INFINITY,
      answer: directory.resolve(id).then(
        (tenant) => {
          memory.untilMs = clock.nowMs() + (tenant === undefined ? UNKNOWN_FOR_MS : KNOWN_FOR_MS);
          return tenant?.id;
        },
        (error: unknown) => {
          remembered.delete(id);
          const what = error instanceof Error ? error.name : typeof error;
          throw new EsteiraError(
            'ESTEIRA_TENANTS_UNAVAILABLE',
            `the tenant directory rejected with ${what}`,
            {
              facts: { error: what },
              cause: error,
            },
          );
        },
      ),
    };
    if (remembered.size >= MOST_REMEMBERED) remembered.clear();
    remembered.set(id, memory);
    return memory.answer;
  };

  return {
    resolve: async (id) => {
      if (id === undefined || id === '') return undefined;
      const memory = remembered.get(id);
      return memory !== undefined && memory.untilMs > clock.nowMs() ? memory.answer : ask(id);
    },
  };
};
