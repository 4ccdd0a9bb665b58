/**
 * Why a job became a dead letter (a closed list, on the wire in `job-dead-reason`).
 *
 * `undecodable`: the bytes are not the schema's. `payload_invalid`: they are, but break the event's check.
 * `integrity_violation`: the handler says that facts contradict each other.
 */
export const DEAD_REASONS = [
  'attempts_exhausted',
  'starts_exhausted',
  'max_age',
  'unrecoverable',
  'integrity_violation',
  'undecodable',
  'payload_invalid',
  'tenant_unresolved',
  'behind_dead_letter',
  'replay_limit',
] as const;

export type DeadReason = (typeof DEAD_REASONS)[number];

/** How an error is treated; chosen by type, code and status, never by the words of a message. */
export const ERROR_CLASSES = ['transient', 'dependency-down', 'unrecoverable', 'integrity'] as const;

export type ErrorClass = (typeof ERROR_CLASSES)[number];

/** What is told about an error: bounded and redacted before it gets here. */
export interface ErrorSummary {
  /** A stable code: errno, HTTP status, AWS name, EsteiraError code or the error's class name. */
  readonly code: string;
  readonly class: ErrorClass;
  /** At most 512 bytes of UTF-8, redacted. */
  readonly message: string;
  /** Groups errors of one cause: hash of code, class name and first own stack frame. */
  readonly fingerprint: string;
}

/**
 * Why a job waits without having failed (a closed list, told as `reason` of `job.deferred`).
 *
 * `paused`: an operator has paused its tenant. `dedicated_inbox`: its tenant has an inbox of its own; it waits there, and
 * has not been tried. `surplus`: its tenant floods the partition it shares with others; it waits aside of them, untried.
 */
export const DEFER_REASONS = [
  'trigger_delay',
  'running_elsewhere',
  'dependency_down',
  'paused',
  'dedicated_inbox',
  'surplus',
] as const;

export type DeferReason = (typeof DEFER_REASONS)[number];

/** Why a record came to nothing: a repeat, or a job that is over without having run (told with `job.skipped`). */
export const SKIP_REASONS = [
  'duplicate',
  'superseded',
  'precondition',
  'stale_version',
  'queue_full',
] as const;

export type SkipReason = (typeof SKIP_REASONS)[number];

/** How an operator ended a job (told with `job.cancelled`): this one, or all that waited in its queue. */
export const CANCEL_REASONS = ['cancelled', 'purged'] as const;

export type CancelReason = (typeof CANCEL_REASONS)[number];

/** What a replay is of, where it is of no dead letter (told with `job.replayed`): `forced` ones were done before. */
export const WINDOW_REASONS = ['window', 'forced'] as const;

export type WindowReason = (typeof WINDOW_REASONS)[number];

/** The `reason` of `job.suspended` where not something that is down is it, but that too much of the job type died. */
export const GUARD_REASON = 'dead_letters';
