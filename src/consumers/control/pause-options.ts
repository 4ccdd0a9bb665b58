/** How jobs of a paused tenant or key wait. */
export interface PauseOptions {
  /** How long a record waits in memory before it is set aside, ms; default 5 s. */
  readonly patienceMs?: number;
  /** How long it is set aside, ms: so much later, at most, it comes back after a resume; default 60 s (parked ones 15 s). */
  readonly asideMs?: number;
}
