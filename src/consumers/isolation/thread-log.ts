import { ROOT_CONTEXT, trace, context as traceContext } from '@opentelemetry/api';
import { plainLine } from '../../core/log-facts.ts';
import type { Log } from '../../core/ports/log.ts';
import { parseTraceparent } from '../../core/traceparent.ts';
import type { FromThread } from './messages.ts';
import type { SentTelling } from './sent-context.ts';

/** The log of a run in a thread: its lines are written by the process, with the rest of them. */
export const threadLog = (run: string, { quiet }: SentTelling, tell: (message: FromThread) => void): Log => {
  const at =
    (level: 'debug' | 'info' | 'warn' | 'error'): Log['info'] =>
    (message, facts) => {
      if (!quiet.includes(level)) tell({ kind: 'log', run, level, line: plainLine(message, facts) });
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
};

/** Runs work below the span that the run has in the process; of use where the thread has tracing of its own. */
export const withinSentSpan = <T>({ span }: SentTelling, work: () => T): T => {
  const ids = span === undefined ? undefined : parseTraceparent(span);
  if (ids === undefined) return work();
  return traceContext.with(trace.setSpanContext(ROOT_CONTEXT, { ...ids, isRemote: true }), work);
};
