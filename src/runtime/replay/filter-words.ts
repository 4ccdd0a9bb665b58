import type { DeadLetterFilter } from '../../consumers/dead-letters/index.ts';

/** How conditions are called in words; the names are those of the filter. */
const CONDITIONS: readonly (readonly [keyof DeadLetterFilter, string])[] = [
  ['reason', 'dead reason'],
  ['errorCode', 'error'],
  ['fingerprint', 'fingerprint'],
  ['tenant', 'tenant'],
  ['jobId', 'job'],
  ['eventId', 'event'],
  ['sinceMs', 'since'],
  ['untilMs', 'until'],
];

/** The conditions of a filter, each in words. */
export const filterWords = (filter: DeadLetterFilter): readonly string[] =>
  CONDITIONS.flatMap(([name, words]) => {
    const value = filter[name];
    if (value === undefined) return [];
    return `${words} ${typeof value === 'number' ? new Date(value).toISOString() : value}`;
  });
