import type { ErrorFacts } from '../errors.ts';

/** Facts of a log line: names, counts and positions; never payloads or buffers. */
export type LogFacts = Readonly<Record<string, ErrorFacts[string] | undefined>>;

/** Where the system's own log lines go. */
export interface Log {
  debug(message: string, facts?: LogFacts): void;
  info(message: string, facts?: LogFacts): void;
  warn(message: string, facts?: LogFacts): void;
  error(message: string, facts?: LogFacts): void;
}

/** A log that may be asked what it leaves out. */
export interface LeveledLog extends Log {
  /** Whether lines of this level are written; absent where all are. */
  isEnabled?(level: keyof Log): boolean;
}

/** What a broker adapter needs of a log. */
export type BrokerLog = Pick<Log, 'info' | 'warn' | 'error'>;

/** A log that drops everything. */
export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
