import type { AppDefinition } from '../core/app.ts';
import type { Clock } from '../core/clock.ts';
import type { ServiceIdentity } from '../core/job-event.ts';
import type { ErrorClass } from '../core/outcome.ts';
import type { Broker, RecordProducer } from '../core/ports/broker.ts';
import type { Log } from '../core/ports/log.ts';
import type { OrderedStateStore } from '../core/ports/order-state.ts';
import type { Serde } from '../core/ports/serde.ts';
import type { JobTelemetry } from '../core/ports/telemetry.ts';
import type { JobTypeAccount } from '../core/process-report.ts';
import type { PauseOptions } from './control/pause-options.ts';
import type { StartControl } from './control/start-control.ts';
import type { AroundAttempt } from './execution.ts';
import type { QueueLimits } from './limits/queue-limits.ts';
import type { Window } from './partition-home.ts';
import type { SlotScheduler } from './scheduling/slot-scheduler.ts';
import type { SuspensionsOptions } from './suspensions.ts';
import type { TenantResolver } from './tenant-resolver.ts';
import type { WorkerFacts } from './worker-facts.ts';

/** What the workers of one process share. */
export interface EngineParts {
  readonly app: AppDefinition;
  readonly broker: Broker;
  readonly producer: RecordProducer;
  readonly state: OrderedStateStore;
  readonly serde: Serde;
  readonly telemetry: JobTelemetry;
  readonly tenants: TenantResolver;
  readonly clock: Clock;
  readonly log: Log;
  readonly identity: ServiceIdentity;
  readonly slots: SlotScheduler;
  readonly limits: QueueLimits;
  /** What operators have ordered. */
  readonly control: StartControl;
  readonly settings: EngineSettings;
  /** The app's own rules, asked before the built-in ones. */
  readonly classify?: (error: unknown) => ErrorClass | undefined;
  readonly around?: AroundAttempt;
  /** Whether `around` makes spans with the ids that `startSpan` works out; default false. */
  readonly knownSpans?: boolean;
  /** Called when the process must end: it cannot go on soundly. */
  readonly onFatal: (error: Error) => void;
}

export interface EngineSettings {
  /** Attempt time-out of job types that name none, ms. */
  readonly attemptTimeoutMs: number;
  /** How long a handler may ignore its time-out before the process ends, ms; default 10 min. */
  readonly abandonAfterMs: number;
  /** How often watermarks are committed, ms; default 500. */
  readonly commitEveryMs: number;
  /** How long a record waits for a claim of somebody else before it is set aside (unordered types), ms; default 60 s. */
  readonly setAsideAfterMs: number;
  readonly window: Window;
  /** How long a fetch may wait for data, ms: what comes is handed over at once, idle ones cost less the longer; default 500. */
  readonly fetchWaitMs: number;
  /** How starts are suspended while what they depend on is down; default as in `SuspensionsOptions`. */
  readonly suspension?: SuspensionsOptions;
  /** How jobs of a paused tenant or key wait; default as in `PauseOptions`. */
  readonly pause?: PauseOptions;
  /** How long the group waits for a silent member before it gives its partitions away, ms; default 30 s. */
  readonly sessionTimeoutMs: number;
}

export const DEFAULT_ENGINE_SETTINGS: EngineSettings = {
  attemptTimeoutMs: 300_000,
  abandonAfterMs: 600_000,
  commitEveryMs: 500,
  setAsideAfterMs: 60_000,
  window: { records: 1_000, bytes: 8 * 1024 * 1024 },
  fetchWaitMs: 500,
  sessionTimeoutMs: 30_000,
};

/** How a worker is doing, for health and for people. */
export interface WorkerStatus {
  readonly name: string;
  readonly assigned: number;
  readonly running: number;
  readonly waiting: number;
  /** Why it does not go on, if it does not; empty when all is well. */
  readonly suspended: readonly string[];
  /** What is worth saying when all is well. */
  readonly note?: string;
}

/** A part of the process that consumes: a job type's worker, or a relay. */
export interface Worker {
  /** Joins its group; resolves after the first assignment. */
  start(): Promise<void>;
  /** Takes nothing new; resolves when what runs has ended, or after the grace. */
  drain(graceMs: number): Promise<void>;
  /** Commits what is settled and leaves the group. */
  stop(): Promise<void>;
  status(): WorkerStatus;
  /** What it counts and has under way, for metrics; absent where it has nothing to say. */
  facts?(): WorkerFacts;
  /** What is said of it to other processes; absent where no jobs run. */
  account?(): JobTypeAccount;
}
