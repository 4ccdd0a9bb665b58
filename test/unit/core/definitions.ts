import { defineEvent } from '../../../src/core/event.ts';
import type { JobOptions } from '../../../src/core/job.ts';

/** The event that definitions of these tests listen to. */
export const paid = defineEvent<{ amount: number }>(
  { name: 'shop.Paid', schema: 'string' },
  { topic: 'shop.events', check: 'none' },
);

/** A job type with nothing but what every job type must say. */
export const plain = <P>(changes: Partial<JobOptions<P>> = {}): JobOptions<P> => ({
  type: 'send-receipt',
  kind: 'reactive',
  order: 'none',
  run: () => undefined,
  ...changes,
});

/** Changes to a definition as a program makes them that is not type-checked. */
export const unchecked = (changes: object): Partial<JobOptions<unknown>> => changes;
