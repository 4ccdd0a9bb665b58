/** Why a slot was not given. */
export type NoSlot = 'timed-out' | 'aborted' | 'sent-away';

/** A fixed number of slots, given in the order they were asked for. */
export interface Slots {
  /** Waits for a slot at most `maxWaitMs`; true once it is held. */
  take(signal: AbortSignal, maxWaitMs: number): Promise<'taken' | NoSlot>;
  give(): void;
  /** Sends everyone away who waits now. */
  sendAway(): void;
}

/** Makes `count` slots. */
export const createSlots = (count: number): Slots => {
  let free = count;
  const waiting = new Set<(answer: 'taken' | NoSlot) => void>();

  const wait = (signal: AbortSignal, maxWaitMs: number): Promise<'taken' | NoSlot> =>
    new Promise((resolve) => {
      const answer = (what: 'taken' | NoSlot): void => {
        waiting.delete(answer);
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        resolve(what);
      };
      const onAbort = (): void => answer('aborted');
      const timer = setTimeout(answer, maxWaitMs, 'timed-out');
      signal.addEventListener('abort', onAbort, { once: true });
      waiting.add(answer);
    });

  return {
    take: async (signal, maxWaitMs) => {
      if (signal.aborted) return 'aborted';
      if (free === 0) return wait(signal, maxWaitMs);
      free -= 1;
      return 'taken';
    },
    give: () => {
      const [next] = waiting;
      if (next === undefined) free += 1;
      else next('taken');
    },
    sendAway: () => {
      for (const answer of [...waiting]) answer('sent-away');
    },
  };
};
