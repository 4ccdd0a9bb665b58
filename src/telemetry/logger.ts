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

/** What a line calls a fact, and whether its name says that it is a secret. */
interface SafeName {
  readonly key: string;
  readonly isSecret: boolean;
}

const LONGEST_NAME = 64;
const MOST_REMEMBERED = 2_000;
const names = new Map<string, SafeName>();

/** The names of facts are written as they are, so one with a quote or a line end in it could forge a line. */
const safeName = (name: string): SafeName => {
  const known = names.get(name);
  if (known !== undefined) return known;
  const plain = name.slice(0, LONGEST_NAME).replaceAll(/[^\p{L}\p{N}_.$:-]/gu, '_');
  const key = OWN_NAMES.has(plain) ? `fact_${plain}` : plain;
  const made = { key, isSecret: NAMED_SECRET.has(judgeName(name)) };
  if (names.size < MOST_REMEMBERED) names.set(name, made);
  return made;
};

/** In every line of a traced job, never the same, and digits only. */
const SPAN_IDS: ReadonlySet<string> = new Set(['trace_id', 'span_id']);
const SPAN_ID = /^[0-9a-f]{16}(?:[0-9a-f]{16})?$/;

/** Keeps plain values only, whatever the caller passed at run time, and redacts texts. */
const safeFacts = (facts: LogFacts): Record<string, string | number | boolean> => {
  const safe: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(facts)) {
    const { key, isSecret } = safeName(name);
    if (SPAN_IDS.has(name) && typeof value === 'string' && SPAN_ID.test(value)) {
      safe[key] = value;
      continue;
    }
    if (value !== undefined && isSecret) safe[key] = '[redacted]';
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
