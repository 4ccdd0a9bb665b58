import { createBreaker } from './breaker.ts';
import { type ProviderParts, tell } from './provider-call.ts';
import type { ProviderSettings } from './provider-options.ts';
import { createSlots } from './slots.ts';

/** Puts the parts of a provider together. */
export const makeProviderParts = (settings: ProviderSettings): ProviderParts => {
  const { name, breaker, maxConcurrent, onState } = settings;
  return {
    settings,
    slots: createSlots(maxConcurrent),
    breaker: createBreaker(name, breaker, (state) => tell(onState, { provider: name, state })),
    hung: 0,
    closed: false,
  };
};
