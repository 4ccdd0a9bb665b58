import type { WaitingCopy } from '../../../../src/core/order/waiting-key.ts';
import { WaitingLine, type WaitingSettings } from '../../../../src/core/order/waiting-line.ts';

const settings: WaitingSettings = {
  ...{ maxCopiesPerKey: 100, maxCopies: 1_000, maxBytes: 1e9, sleepBeyondMs: 1_000 },
  ...{ checkEveryMs: 500, renewEveryMs: 1e9, askAgainMs: 100, rereadEveryMs: 10 },
};

export const run = { kind: 'run', fence: 1, attempt: 1, starts: 1 } as const;

/** When the copy at an offset was written, epoch ms. */
export const writtenMs = (offset: number): number => 1_000 + offset;

/** A line from offset 0, its copies by offset, and the actions as words. */
export const machine = (over: Partial<WaitingSettings> = {}) => {
  const line = new WaitingLine<WaitingCopy>({ ...settings, ...over }, 0, 0);
  const copies = new Map<number, WaitingCopy>();
  const copy = (offset: number, name: string, place: number): WaitingCopy => {
    const sequence = { jobType: 'job', tenant: 'acme', partition: 'events/0', orderKey: name };
    const made = copies.get(offset) ?? {
      ...{ offset, name, place, sequence, bytes: 100 },
      writtenMs: writtenMs(offset),
    };
    copies.set(offset, made);
    return made;
  };
  return {
    line,
    at: (offset: number): WaitingCopy => copy(offset, '?', -1),
    /** Reads `a7 b1 …`: the copies from an offset on. */
    read(from: number, words: string, { reading = 0, nowMs = 0 } = {}): void {
      const list = words.split(' ').map((word, i) => copy(from + i, word.charAt(0), Number(word.slice(1))));
      line.read(list, reading, nowMs);
    },
    end(offset: number, nowMs = 1): void {
      line.answered(this.at(offset), run, nowMs);
      line.ended(this.at(offset), nowMs);
    },
    /** What is to be done; registrations are answered at once and left out. */
    did(): string[] {
      const words: string[] = [];
      for (let more = line.drain(); more.length > 0; more = line.drain()) {
        for (const action of more) {
          if (action.kind === 'register') line.registered('seen');
          else if (action.kind === 'claim') words.push(`claim ${action.copy.name}${action.copy.place}`);
          else words.push(`read from ${action.from} as ${action.reading}`);
        }
      }
      return words;
    },
  };
};
