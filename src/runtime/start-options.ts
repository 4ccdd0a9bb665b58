import type { EngineSettings } from '../consumers/engine-parts.ts';
import type { JobEvent } from '../core/generated/job-event.ts';
import type { ErrorClass } from '../core/outcome.ts';
import type { LogDestination } from '../telemetry/logger.ts';
import type { Backend } from './backend.ts';
import type { Role } from './worker-pool.ts';

/** How an app is started. */
export interface StartOptions {
  /** Environment variables; default those of the process. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Parts to play; default worker and relay. An empty list only publishes and dispatches. */
  readonly roles?: readonly Role[];
  /** Queues whose job types this process runs; default all. @see ESTEIRA_CONFIG_INVALID for one that is not defined */
  readonly queues?: readonly string[];
  /**
   * Where threads find the app, for job types with `isolate`: the URL of the module whose default export it is, which
   * must not start it; such as `new URL('./app.ts', import.meta.url)`.
   */
  readonly appModule?: string | URL;
  /** Told of every telemetry event of this process, at once. Must not throw. */
  readonly onJobEvent?: (event: JobEvent) => void;
  /** The app's own error rules, asked before the built-in ones. */
  readonly classify?: (error: unknown) => ErrorClass | undefined;
  /** Services already open, shared with others in this process; they are not closed by `stop`. */
  readonly backend?: Backend;
  /** Whether to serve /health/live, /health/ready and /metrics on `HEALTH_PORT`; default false. */
  readonly health?: boolean;
  /** Where log lines go; default standard output. */
  readonly logTo?: LogDestination;
  /** Called once when the process cannot go on soundly and should stop and exit non-zero. Default: only logged. */
  readonly onFatal?: (error: Error) => void;
  /**
   * Whether jobs are told on the telemetry topic; default true. False is for measuring what telling costs: log lines,
   * metrics and listeners remain, and nobody can count later what became of every job. Refused in production, and for
   * apps with job types that follow others.
   */
  readonly telemetry?: boolean;
  /** Finer settings of the engine. */
  readonly engine?: Partial<EngineSettings>;
}
