import CircuitBreaker from 'opossum';

/** `open`: nothing is let through. `half-open`: one call at a time finds out whether the provider is back. */
export type BreakerState = 'closed' | 'open' | 'half-open';

export interface BreakerSettings {
  readonly volumeThreshold: number;
  readonly errorThresholdPercentage: number;
  readonly windowMs: number;
  readonly openForMs: number;
}

/** Leave to make one call, and the duty to say how it ended. */
export interface Admission {
  /** `neither`: it says nothing about the provider's health. */
  settle(how: 'answered' | 'failed' | 'neither'): Promise<void>;
}

export interface Breaker {
  state(): BreakerState;
  /** Undefined while open, and in half-open while another call is finding out. */
  admit(): Admission | undefined;
  /** How long until the provider is tried again, ms; 0 unless open. */
  opensInMs(): number;
  close(): void;
}

/**
 * Opossum as the judge of outcomes only. The call itself runs outside of it, because opossum frees a slot of a call that
 * timed out while the work goes on, shares one abort signal among all calls, counts an error it filters as a success
 * (which closes a half-open breaker), and counts what it rejects into the failure rate.
 */
export const createBreaker = (
  name: string,
  settings: BreakerSettings,
  onState: (state: BreakerState) => void,
): Breaker => {
  const judge = new CircuitBreaker(
    async (how: 'answered' | 'failed') => {
      if (how === 'failed') throw new Error(how);
    },
    {
      name,
      timeout: false,
      errorThresholdPercentage: settings.errorThresholdPercentage,
      volumeThreshold: settings.volumeThreshold,
      rollingCountTimeout: settings.windowMs,
      resetTimeout: settings.openForMs,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
    },
  );
  let probing = false;
  let openedAt = 0;
  const state = (): BreakerState => (judge.opened ? 'open' : judge.halfOpen ? 'half-open' : 'closed');

  judge.on('open', () => {
    openedAt = performance.now();
    onState('open');
  });
  judge.on('halfOpen', () => onState('half-open'));
  judge.on('close', () => onState('closed'));

  /** A late answer of a call from before the breaker opened must neither close it nor keep it open. */
  const record = async (how: 'answered' | 'failed', isProbe: boolean): Promise<void> => {
    if (judge.isShutdown || judge.opened || judge.halfOpen !== isProbe) return;
    await judge.fire(how).catch(() => undefined); // it rejects with what was just told to it
  };

  return {
    state,
    admit: () => {
      const isProbe = judge.halfOpen;
      if (judge.opened || judge.isShutdown || (isProbe && probing)) return undefined;
      probing = isProbe;
      return {
        settle: async (how) => {
          if (how !== 'neither') await record(how, isProbe);
          if (isProbe) probing = false;
        },
      };
    },
    opensInMs: () =>
      judge.opened ? Math.max(0, Math.ceil(openedAt + settings.openForMs - performance.now())) : 0,
    close: () => judge.shutdown(),
  };
};
