import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openProgress } from '../../../src/cli/progress.ts';
import type { Terminal } from '../../../src/cli/terminal.ts';

const drawn: string[] = [];
const terminalWith = (screen: Terminal['screen']): Terminal => ({
  ...{ out: () => undefined, err: () => undefined, columns: undefined, hasColours: false, cwd: '.', screen },
  ...{ environment: {}, readInput: async () => '' },
});
const screen = { columns: 72, write: (text: string) => drawn.push(text) };

beforeEach(() => {
  drawn.length = 0;
  vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

test('is drawn in place, with how far, how fast and how long', () => {
  const progress = openProgress(terminalWith(screen), 'replaying', 50_000);
  progress.advance(0);
  vi.advanceTimersByTime(10_000);
  progress.advance(5_000);
  expect(drawn.at(-1)).toBe(
    `\r\u001B[K${'replaying  [==                  ]  10 %  5,000 of 50,000  500/s  90 s left'.slice(0, 71)}`,
  );
  progress.end();
  expect(drawn.at(-1)).toBe('\r\u001B[K');
});

test('without a total it counts', () => {
  const progress = openProgress(terminalWith(screen), 'reading');
  progress.advance(1_234, '2 topics');
  expect(drawn).toEqual(['\r\u001B[Kreading  1,234  2 topics']);
});

test('what an earlier process did is no speed', () => {
  const progress = openProgress(terminalWith(screen), 'x', 1_000);
  progress.advance(900);
  vi.advanceTimersByTime(10_000);
  progress.advance(950);
  expect(drawn.at(-1)).toContain('  5/s  10 s left');
});

test('is drawn ten times a second, not at every step', () => {
  const progress = openProgress(terminalWith(screen), 'x', 1_000);
  for (let done = 0; done < 1_000; done += 1) {
    progress.advance(done);
    vi.advanceTimersByTime(1);
  }
  expect(drawn).toHaveLength(10);
});

test('never breaks into a second line, and says nothing after its end', () => {
  const narrow = { ...screen, columns: 20 };
  const progress = openProgress(terminalWith(narrow), 'a label that is long', 10);
  progress.advance(1, 'with a note');
  expect(drawn.at(-1)?.replace('\r\u001B[K', '')).toHaveLength(19);
  progress.end();
  progress.end();
  const before = drawn.length;
  vi.advanceTimersByTime(1_000);
  progress.advance(2);
  expect(drawn).toHaveLength(before);
});

test('is nothing where standard error is no screen', () => {
  const progress = openProgress(terminalWith(undefined), 'x', 10);
  progress.advance(5);
  progress.end();
  expect(drawn).toEqual([]);
});
