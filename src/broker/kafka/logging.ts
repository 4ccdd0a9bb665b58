import { type LogEntry, logLevel } from 'kafkajs';
import type { ErrorFacts } from '../../core/errors.ts';
import type { BrokerLog } from '../../core/ports/log.ts';

/** Facts of kafkajs that are safe and useful; everything else (buffers, requests, stacks) is left out. */
const KEPT = [
  'broker',
  'clientId',
  'groupId',
  'memberId',
  'topic',
  'partition',
  'error',
  'retryCount',
  'retryTime',
];
const SAME_LINE_EVERY_MS = 10_000;
const MOST_LINES_REMEMBERED = 200;

/** Namespaces whose lines repeat what this folder tells by itself, or are the noise of a rebalance. */
const NOISE = new Set(['Runner', 'Connection', 'ConsumerGroup', 'FetchManager', 'Fetcher', 'Broker']);

const factsOf = (entry: LogEntry): ErrorFacts => {
  const facts: Record<string, string | number> = { source: `kafkajs ${entry.namespace}` };
  for (const name of KEPT) {
    const value: unknown = entry.log[name];
    if (typeof value === 'string' || typeof value === 'number') facts[name] = value;
  }
  return facts;
};

const speak = (log: BrokerLog, entry: LogEntry): void => {
  const facts = factsOf(entry);
  if (entry.level === logLevel.ERROR && entry.namespace === 'Consumer') log.error(entry.log.message, facts);
  else if (entry.level === logLevel.ERROR) log.warn(entry.log.message, facts);
  else log.info(entry.log.message, facts);
};

/**
 * Bridges kafkajs' log: its own rebalance and connection noise is dropped, errors it goes on from are warnings, a
 * line that repeats is told once in ten seconds.
 */
export const bridgeLog = (log: BrokerLog): (() => (entry: LogEntry) => void) => {
  const toldAt = new Map<string, number>();
  return () => (entry) => {
    if (entry.level > logLevel.WARN || NOISE.has(entry.namespace.split(' ')[0] ?? '')) return;
    const line = `${entry.namespace} ${entry.log.message}`;
    const now = Date.now();
    if (now - (toldAt.get(line) ?? 0) < SAME_LINE_EVERY_MS) return;
    if (toldAt.size >= MOST_LINES_REMEMBERED) toldAt.clear();
    toldAt.set(line, now);
    speak(log, entry);
  };
};
