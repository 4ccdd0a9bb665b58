import type { Clock } from '../../src/core/clock.ts';

/** A clock that stands still until a test moves it. */
export interface ManualClock extends Clock {
  /** Moves time on and calls back what has become due, in order. */
  advance(ms: number): void;
  /** How long until the next callback, ms; undefined when nothing waits. */
  nextInMs(): number | undefined;
}

/** Makes a clock that starts at `startMs`. */
export const manualClock = (startMs = Date.UTC(2026, 0, 1)): ManualClock => {
  let nowMs = startMs;
  const waiting = new Set<{ readonly atMs: number; readonly callback: () => void }>();
  const next = () => [...waiting].sort((a, b) => a.atMs - b.atMs)[0];
  return {
    nowMs: () => nowMs,
    after: (delayMs, callback) => {
      const entry = { atMs: nowMs + Math.max(0, delayMs), callback };
      waiting.add(entry);
      return () => waiting.delete(entry);
    },
    advance: (ms) => {
      const untilMs = nowMs + ms;
      for (let due = next(); due !== undefined && due.atMs <= untilMs; due = next()) {
        waiting.delete(due);
        nowMs = due.atMs;
        due.callback();
      }
      nowMs = untilMs;
    },
    nextInMs: () => {
      const due = next();
      return due === undefined ? undefined : due.atMs - nowMs;
    },
  };
};
