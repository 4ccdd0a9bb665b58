import { type Duration, durationMs } from './duration.ts';
import { EsteiraError } from './errors.ts';
import type { EventDefinition } from './event.ts';

/** An event a job type listens to. Made by {@link trigger}. */
export interface Trigger<P> {
  readonly event: EventDefinition<unknown>;
  readonly delayMs: number;
  readonly priority: number;
  /** Whether it has a map, so that its payload is not the event itself. */
  readonly mapped: boolean;
  /** Maps the event to the payload; must be pure: it runs again at each attempt. */
  map(event: unknown): P;
  /** Whether the event concerns this job type; must be pure. */
  when(event: unknown): boolean;
}

export interface TriggerOptions<E, P> {
  readonly map?: (event: E) => P;
  readonly when?: (event: E) => boolean;
  /** How long after the event the job may start; default none. */
  readonly delay?: Duration;
  /** 1 (first) to 10; default 5. */
  readonly priority?: number;
}

/** A trigger with a map, a condition, a delay or a priority. @throws EsteiraError ESTEIRA_DEFINITION_INVALID */
export const trigger = <E, P = E>(
  event: EventDefinition<E>,
  options: TriggerOptions<E, P> = {},
): Trigger<P> => {
  const { map, when } = options;
  return {
    event,
    delayMs: durationMs(options.delay ?? 0, `trigger on ${event.type}: delay`),
    priority: checkPriority(options.priority ?? 5, `trigger on ${event.type}`),
    mapped: map !== undefined,
    // The engine hands over only what it decoded by this event's own contract.
    map: (value) => (map === undefined ? (value as P) : map(value as E)),
    when: (value) => when === undefined || when(value as E),
  };
};

/** Checks a priority. @throws EsteiraError ESTEIRA_DEFINITION_INVALID */
export const checkPriority = (priority: number, where: string): number => {
  if (Number.isInteger(priority) && priority >= 1 && priority <= 10) return priority;
  throw new EsteiraError(
    'ESTEIRA_DEFINITION_INVALID',
    `${where}: priority is ${priority}: give a whole number from 1 (first) to 10`,
  );
};
