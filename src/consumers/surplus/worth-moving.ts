/** From this part of what is taken in on a tenant is large. */
const LARGE = 1 / 8;
/** Each that floods has so many times the part of the largest that does not. */
const APART = 3;
const MOST_FLOODS = 4;
/**
 * What floods make up together for moving to begin, and to go on. Each job that is moved is written and told once more;
 * for that, who stands behind must be reached three times as soon.
 */
const BEGIN_AT = 2 / 3;
const GO_ON_AT = 1 / 2;
/** What those behind must gain for moving to begin, ms; half of it is enough to go on. */
const PATIENCE_MS = 1_000;

/** What is seen of a partition. */
export interface Crowd {
  /** How long all that is held and lies behind takes at the pace measured here, ms. */
  readonly waitMs: number;
  /** The part of each tenant in what was taken in lately, 0 to 1. */
  readonly parts: ReadonlyMap<string, number>;
  /** Tenants with a large part of the window that may not start now, whatever is free: their own limits hold them. */
  readonly heldBack: ReadonlySet<string>;
  /** Those that are moved aside now. */
  readonly moving: ReadonlySet<string>;
  /** Whether anybody but these tenants is there. */
  readonly hasOthers: (than: ReadonlySet<string>) => boolean;
}

/**
 * The tenants whose surplus is worth moving aside. By what comes in, and not by what is held: tenants take turns, so
 * what is held of any large one piles up, and a large tenant is no flood. Those that their own limits hold back stand in
 * the others' way however few they are. Pure.
 */
export const worthMoving = (crowd: Crowd): ReadonlySet<string> => {
  const { waitMs, parts, heldBack, moving, hasOthers } = crowd;
  const leastMs = moving.size > 0 ? PATIENCE_MS / 2 : PATIENCE_MS;
  if (waitMs <= leastMs) return NOBODY;
  const floods = stillFlooding(moving, parts) ?? floodsIn(parts);
  const all = new Set([...(waitMs * togetherOf(floods, parts) > leastMs ? floods : []), ...heldBack]);
  // Of two who have a partition for themselves, one may still stand in the other's way.
  return [all, heldBack].find((some) => some.size > 0 && hasOthers(some)) ?? NOBODY;
};

const NOBODY: ReadonlySet<string> = new Set();

/** Those that are moved, while they are what mostly comes. */
const stillFlooding = (
  moving: ReadonlySet<string>,
  parts: ReadonlyMap<string, number>,
): readonly string[] | undefined => {
  const floods = [...moving].filter((tenant) => (parts.get(tenant) ?? 0) >= LARGE / 2);
  return floods.length > 0 && togetherOf(floods, parts) >= GO_ON_AT ? floods : undefined;
};

/** The few that make up most of what comes, far before all others; none where there are no such few. */
const floodsIn = (parts: ReadonlyMap<string, number>): readonly string[] => {
  const sorted = [...parts].sort(([, one], [, other]) => other - one);
  for (let count = Math.min(MOST_FLOODS, sorted.length); count > 0; count -= 1) {
    const least = sorted[count - 1]?.[1] ?? 0;
    const next = sorted[count]?.[1] ?? 0;
    if (least < LARGE || least < APART * next) continue;
    const floods = sorted.slice(0, count).map(([tenant]) => tenant);
    return togetherOf(floods, parts) >= BEGIN_AT ? floods : [];
  }
  return [];
};

const togetherOf = (tenants: readonly string[], parts: ReadonlyMap<string, number>): number =>
  tenants.reduce((sum, tenant) => sum + (parts.get(tenant) ?? 0), 0);
