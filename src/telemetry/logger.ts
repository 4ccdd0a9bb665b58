import { pino } from 'pino';
import type { Log, LogFacts } from '../core/ports/log.ts';
import { judgeName } from '../security/secret-names.ts';
import { redactedFact } from './redacted-fact.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** Takes finished lines, one JSON object each, newline included. */
export interface LogDestination {
  write(line: string): void;
  flushSync?(): void;
}

export interface LoggerOptions {
  /** The technical identity that stands in each line. */
  readonly service: string;
  readonly level: LogLevel;
  /** Default: standard output, written at once, so that the last lines before an exit are not lost. */
  readonly destination?: LogDestination;
}

/** A log that can be asked what it leaves out, and be made to write what it still holds. */
export interface Logger extends Log {
  isEnabled(level: keyof Log): boolean;
  flush(): void;
}

/** Names the line itself uses; a fact of that name would make the line ambiguous. */
const OWN_NAMES: ReadonlySet<string> = new Set(['level', 'time', 'service', 'pid', 'msg']);

/** What the name of a fact can say that its value alone does not. */
const NAMED_SECRET: ReadonlySet<string> = new Set(['secret', 'card']);

/** Keeps plain values only, whatever the caller passed at run time, and redacts texts. */
const safeFacts = (facts: LogFacts): Record<string, string | number | boolean> => {
  const safe: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(facts)) {
    const key = OWN_NAMES.has(name) ? `fact_${name}` : name;
    if (value !== undefined && NAMED_SECRET.has(judgeName(name))) safe[key] = '[redacted]';
    else if (typeof value === 'string') safe[key] = redactedFact(value);
    else if (Array.isArray(value)) safe[key] = redactedFact(value.join(', '));
    else if (typeof value === 'number' || typeof value === 'boolean') safe[key] = value;
  }
  return safe;
};

/** A log of JSON lines (pino): plain values only, every text redacted and bounded. */
export const createLogger = (options: LoggerOptions): Logger => {
  const destination = options.destination ?? pino.destination({ dest: 1, sync: true });
  const lines = pino(
    {
      level: options.level,
      base: { service: options.service, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  const at =
    (level: keyof Log) =>
    (message: string, facts: LogFacts = {}): void => {
      if (lines.isLevelEnabled(level)) lines[level](safeFacts(facts), redactedFact(message));
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    isEnabled: (level) => lines.isLevelEnabled(level),
    flush: () => destination.flushSync?.(),
  };
};
