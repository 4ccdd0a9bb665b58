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
export type ErrorClass = 'transient' | 'dependency-down' | 'unrecoverable' | 'integrity';

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

/** Why a job waits without having failed. */
export type DeferReason =
  | 'trigger_delay'
  | 'dispatch_delay'
  | 'running_elsewhere'
  | 'dependency_down'
  /** An operator has paused its tenant. */
  | 'paused'
  /** Its tenant has an inbox of its own: it waits there, and has not been tried. */
  | 'dedicated_inbox'
  /** Its tenant floods the partition it shares with others: it waits aside of them, and has not been tried. */
  | 'surplus';
