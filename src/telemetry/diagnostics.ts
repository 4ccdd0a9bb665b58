import { DiagLogLevel, diag } from '@opentelemetry/api';
import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/ports/log.ts';

/** How often complaints of one level are written at most, ms: a dead collector complains at every export. */
const EVERY_MS = 60_000;

const Thrown = z.object({ name: z.string(), message: z.string() });

/** What failed; the SDK tells errors as JSON, stack included. */
const detailOf = (complaint: string): string => {
  try {
    const { name, message } = Thrown.parse(JSON.parse(complaint));
    return `${name}: ${message}`;
  } catch {
    // It is words already.
    return complaint;
  }
};

/** Writes the first complaint of a minute, and how many it kept quiet about since the last. */
const complaints = (level: 'warn' | 'error', log: Log, clock: Clock) => {
  let toldAtMs = Number.NEGATIVE_INFINITY;
  let quiet = 0;
  return (complaint: string): void => {
    const nowMs = clock.nowMs();
    if (nowMs - toldAtMs < EVERY_MS) {
      quiet += 1;
      return;
    }
    log[level]('opentelemetry', { detail: detailOf(complaint), ...(quiet > 0 ? { left_out: quiet } : {}) });
    toldAtMs = nowMs;
    quiet = 0;
  };
};

const nothing = (): void => undefined;

/** The SDK's own complaints, such as an exporter that is refused, become log lines: one of a level a minute. */
export const bridgeDiagnostics = (log: Log, clock: Clock): void => {
  diag.setLogger(
    {
      error: complaints('error', log, clock),
      warn: complaints('warn', log, clock),
      info: nothing,
      debug: nothing,
      verbose: nothing,
    },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
};
