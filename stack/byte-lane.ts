import type { Socket } from 'node:net';

/** The faults of a proxy, shared by all its lanes and changed while they run. */
export interface Fault {
  delayMs: number;
  stalled: boolean;
  /** Bytes of answers that may pass yet. */
  answerBytesLeft: number;
}

/** One direction of one connection. */
export interface ByteLane {
  /** Passes on what is due; called again by itself when something becomes due. */
  pump(): void;
  close(): void;
}

interface Held {
  /** Undefined: the sender said that no more will come. */
  bytes: Buffer | undefined;
  dueAt: number;
}

const MOST_HELD_BYTES = 1024 * 1024;

/** Passes bytes from one socket to the other under the fault; `onSpent` makes this lane count answers. */
export function byteLane(from: Socket, to: Socket, fault: Fault, onSpent?: () => void): ByteLane {
  const held: Held[] = [];
  let heldBytes = 0;
  let timer: NodeJS.Timeout | undefined;

  const hold = (bytes: Buffer | undefined) => {
    held.push({ bytes, dueAt: performance.now() + fault.delayMs });
    heldBytes += bytes?.length ?? 0;
    if (heldBytes > MOST_HELD_BYTES) from.pause();
    pump();
  };
  const pass = (bytes: Buffer) => {
    heldBytes -= bytes.length;
    if (heldBytes <= MOST_HELD_BYTES && !to.writableNeedDrain) from.resume();
    if (onSpent === undefined || bytes.length < fault.answerBytesLeft) {
      if (onSpent !== undefined) fault.answerBytesLeft -= bytes.length;
      if (!to.write(bytes)) from.pause();
      return;
    }
    const allowed = bytes.subarray(0, fault.answerBytesLeft);
    fault.answerBytesLeft = 0;
    // Written out first, or the reset would overtake the bytes that were still to arrive.
    to.write(allowed, onSpent);
  };
  const pump = () => {
    clearTimeout(timer);
    while (!fault.stalled && !to.destroyed) {
      const next = held[0];
      if (next === undefined) return;
      const waitMs = next.dueAt - performance.now();
      if (waitMs > 0) {
        timer = setTimeout(pump, Math.ceil(waitMs));
        return;
      }
      held.shift();
      if (next.bytes === undefined) to.end();
      else pass(next.bytes);
    }
  };

  from.on('data', hold);
  from.once('end', () => hold(undefined));
  to.on('drain', () => heldBytes <= MOST_HELD_BYTES && from.resume());
  return { pump, close: () => clearTimeout(timer) };
}
