import type { Terminal } from './terminal.ts';

/** A line that tells how far long work is. */
export interface Progress {
  /** So much is done, of the total; `note` goes behind it. Cheap: the line is drawn at most ten times a second. */
  advance(done: number, note?: string): void;
  /** Takes the line away: what the command prints next starts on a clean line. Safe to call twice. */
  end(): void;
}

const DRAW_EVERY_MS = 100;
/** Before this, a rate would say more about the start than about the work. */
const RATE_AFTER_MS = 1_000;
const CLEAR_LINE = '\r\u001B[K';
const BAR_CELLS = 20;
const USUAL_COLUMNS = 80;

const silent: Progress = { advance: () => undefined, end: () => undefined };

const count = (amount: number): string => Math.round(amount).toLocaleString('en-US');

const bar = (share: number): string => {
  const full = Math.round(share * BAR_CELLS);
  return `[${'='.repeat(full)}${' '.repeat(BAR_CELLS - full)}]`;
};

/** How long the rest takes, in the largest unit that says something. */
const timeLeft = (seconds: number): string => {
  if (seconds <= 90) return `${Math.ceil(seconds)} s left`;
  return seconds < 5_400 ? `${Math.ceil(seconds / 60)} min left` : `${Math.ceil(seconds / 3_600)} h left`;
};

const howFar = (done: number, total: number | undefined): readonly string[] => {
  if (total === undefined) return [count(done)];
  const share = total <= 0 ? 1 : Math.min(1, done / total);
  return [bar(share), `${Math.floor(share * 100)} %`, `${count(done)} of ${count(total)}`];
};

const howFast = (done: number, total: number | undefined, elapsedMs: number): readonly string[] => {
  if (elapsedMs < RATE_AFTER_MS || done <= 0) return [];
  const perSecond = (done * 1_000) / elapsedMs;
  const left = total === undefined || total <= done ? [] : [timeLeft((total - done) / perSecond)];
  return [`${count(perSecond)}/s`, ...left];
};

/**
 * Opens a line on standard error that is drawn again in place, and only where that is a terminal: into a file or a
 * pipe nothing is written. Without a total it counts. Rates are over the time since it was opened, from what the first
 * call told: work that an earlier process did is not counted as speed.
 */
export const openProgress = (terminal: Terminal, label: string, total?: number): Progress => {
  const { screen } = terminal;
  if (screen === undefined) return silent;
  const openedAtMs = Date.now();
  let first: number | undefined;
  let drawnAtMs = 0;
  let isDrawn = false;
  let hasEnded = false;
  return {
    advance: (done, note) => {
      const nowMs = Date.now();
      first ??= done;
      if (hasEnded || nowMs - drawnAtMs < DRAW_EVERY_MS) return;
      drawnAtMs = nowMs;
      isDrawn = true;
      const speed = howFast(done - first, total === undefined ? total : total - first, nowMs - openedAtMs);
      const line = [label, ...howFar(done, total), ...speed, ...(note === undefined ? [] : [note])].join(
        '  ',
      );
      // One cell stays free: a full line would break, and a broken line is not drawn over.
      screen.write(`${CLEAR_LINE}${line.slice(0, (screen.columns ?? USUAL_COLUMNS) - 1)}`);
    },
    end: () => {
      hasEnded = true;
      if (isDrawn) screen.write(CLEAR_LINE);
      isDrawn = false;
    },
  };
};
