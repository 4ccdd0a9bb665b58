const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

/** A length of time for people: `350 ms`, `12 s`, `3 min`, `2 h`. */
export const lengthWords = (ms: number): string => {
  const unit = UNITS.find(([, length]) => ms >= length);
  return unit === undefined ? `${Math.max(0, Math.round(ms))} ms` : `${Math.floor(ms / unit[1])} ${unit[0]}`;
};

/** A time for people and programs: `2026-11-22T10:00:00.000Z (3 min ago)`. */
export const timeWords = (atMs: number, nowMs: number): string => {
  const away = atMs > nowMs ? `in ${lengthWords(atMs - nowMs)}` : `${lengthWords(nowMs - atMs)} ago`;
  return `${new Date(atMs).toISOString()} (${away})`;
};

/** `1 record`, `2 records`. */
export const countWords = (count: number, what: string): string =>
  `${count} ${what}${count === 1 ? '' : 's'}`;
