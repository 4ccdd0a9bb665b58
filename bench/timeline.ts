/** How many effects there were at a moment, epoch ms. */
export type TimelinePoint = readonly [atMs: number, effects: number];

/** The effects of one process over time, in order of time. */
export type Timeline = readonly TimelinePoint[];

/** How many effects there were at a moment, in a straight line between the points around it. */
const effectsAt = (timeline: Timeline, atMs: number): number => {
  const after = timeline.findIndex(([pointMs]) => pointMs >= atMs);
  if (after < 0) return timeline.at(-1)?.[1] ?? 0;
  const [toMs, to] = timeline[after] ?? [atMs, 0];
  const [fromMs, from] = timeline[after - 1] ?? [toMs, 0];
  if (toMs === fromMs) return to;
  return from + ((to - from) * (atMs - fromMs)) / (toMs - fromMs);
};

/** The timelines of several processes as one. */
export const mergeTimelines = (timelines: readonly Timeline[]): Timeline => {
  const moments = [...new Set(timelines.flatMap((timeline) => timeline.map(([atMs]) => atMs)))];
  return moments
    .sort((a, b) => a - b)
    .map((atMs) => [atMs, timelines.reduce((sum, timeline) => sum + effectsAt(timeline, atMs), 0)]);
};

/** The first moment with at least so many effects. @throws RangeError when it never came. */
const momentOf = (timeline: Timeline, effects: number): number => {
  const at = timeline.findIndex(([, count]) => count >= effects);
  const [toMs, to] = timeline[at] ?? [Number.NaN, 0];
  if (Number.isNaN(toMs)) throw new RangeError(`there never were ${effects} effects`);
  const [fromMs, from] = timeline[at - 1] ?? [toMs, to];
  return to === from ? toMs : fromMs + ((toMs - fromMs) * (effects - from)) / (to - from);
};

/** Effects a second between the moments of two counts. @throws RangeError when one of them never came. */
export const rateBetween = (timeline: Timeline, from: number, to: number): number =>
  ((to - from) * 1_000) / (momentOf(timeline, to) - momentOf(timeline, from));
