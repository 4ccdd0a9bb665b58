import type { ErrorFacts } from '../core/errors.ts';

/** Where the state stores write log lines; a pino logger fits. */
export interface StateLog {
  info(facts: ErrorFacts, message: string): void;
  warn(facts: ErrorFacts, message: string): void;
}
