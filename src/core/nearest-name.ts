/** The number of single-letter changes between two texts. */
const distanceOf = (from: string, to: string): number => {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const swap = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
};

/** The known name nearest to `name`, with the number of letters between them; undefined when there is none. */
export const nearestName = (
  name: string,
  known: readonly string[],
): { readonly name: string; readonly distance: number } | undefined => {
  const ranked = known.map((one) => ({ name: one, distance: distanceOf(name, one) }));
  return ranked.sort((a, b) => a.distance - b.distance)[0];
};

const CLOSE = 2;
const CLOSE_SHARE = 0.3;

/** `; did you mean X?` where a known name is near enough to be a slip of the fingers; else nothing. For behind a sentence. */
export const didYouMean = (name: string, known: readonly string[]): string => {
  const nearest = nearestName(name, known);
  const isClose =
    nearest !== undefined && nearest.distance <= Math.max(CLOSE, Math.floor(name.length * CLOSE_SHARE));
  return isClose && nearest.distance < name.length ? `; did you mean ${nearest.name}?` : '';
};

/** `app shop has no queue mial: it has default, mail; did you mean mail?` */
export const unknownName = (says: string, name: string, known: readonly string[]): string =>
  `${says} ${name}: it has ${known.join(', ')}${didYouMean(name, known)}`;
