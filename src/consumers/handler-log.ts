import type { JobDefinition } from '../core/job.ts';
import { type PlainLine, plainLine } from '../core/log-facts.ts';
import type { LeveledLog, Log, LogFacts } from '../core/ports/log.ts';
import { activeTrace } from '../security/active-trace.ts';
import type { Delivery } from './delivery.ts';
import type { RunFacts } from './job-telling.ts';

export interface HandlerLogParts {
  readonly log: LeveledLog;
  readonly job: JobDefinition<unknown>;
  /** How the tenant is called in log lines. */
  readonly tenantField: string;
}

/** What a line says of its job only where there is any: where there is none, no fact may look like it. */
const SOMETIMES_SAID: ReadonlySet<string> = new Set(['userId', 'trace_id', 'span_id']);

/** A fact never takes the place of what the line says of its job. */
const beside = (context: LogFacts, facts: LogFacts): LogFacts =>
  Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [
      SOMETIMES_SAID.has(name) || Object.hasOwn(context, name) ? `fact_${name}` : name,
      value,
    ]),
  );

/** What the handlers of one job type say, with the job in every line. */
export class HandlerLogs {
  readonly #parts: HandlerLogParts;
  #hasWarned = false;

  constructor(parts: HandlerLogParts) {
    this.#parts = parts;
  }

  /** What stands in every line of a run; the fields of the job's own lines are called the same. */
  contextOf({ job, tenant, envelope, correlationId }: Delivery, run: RunFacts): LogFacts {
    const { type, className, queue } = this.#parts.job;
    return {
      jobClass: className,
      [this.#parts.tenantField]: tenant,
      ...(envelope.userId === undefined ? {} : { userId: envelope.userId }),
      correlationId,
      job_id: job.id,
      task: type,
      queue,
      attempt: run.attempt,
      execution_id: run.executionId,
    };
  }

  /** The log of one run. `contextOf` is asked for each line that is written. */
  of(contextOf: () => LogFacts): Log {
    const at =
      (level: keyof Log) =>
      (message: string, facts?: LogFacts): void => {
        if (this.#parts.log.isEnabled?.(level) === false) return;
        this.#write(level, { ...contextOf(), ...activeTrace() }, plainLine(message, facts));
      };
    return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  }

  #write(level: keyof Log, context: LogFacts, { message, facts, leftOut }: PlainLine): void {
    this.#parts.log[level](message, { ...context, ...beside(context, facts) });
    if (leftOut.length === 0 || this.#hasWarned) return;
    this.#hasWarned = true;
    this.#parts.log.warn('log.value_left_out', {
      ...context,
      facts: leftOut,
      detail:
        'objects, and texts that are JSON of them, are not written: they may be a payload. Name what is worth telling; this is said once for the job type',
    });
  }
}
