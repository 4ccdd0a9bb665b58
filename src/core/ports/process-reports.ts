/**
 * The reports port: what the processes of an app say of themselves, for people who ask all of them at once. Two adapters
 * (Redis and memory) pass one contract suite (test/contract/reports.ts). Nothing is decided by what stands here: a store
 * that lost it has it again when each process has said it anew.
 */
export interface ReportStore {
  /** Keeps what a process says for `lifetimeMs`, in place of what it said before. Safe to repeat. */
  report(said: ProcessSaid): Promise<void>;
  /** Forgets what a process said. */
  withdraw(process: string): Promise<void>;
  /** What all processes say whose time is not over, by the names of the processes. */
  reports(): Promise<readonly string[]>;
}

/** A state store that keeps reports too. */
export interface WithReports {
  readonly reports: ReportStore;
}

/** What one process says. */
export interface ProcessSaid {
  /** Names the process; no two have the same. */
  readonly process: string;
  readonly text: string;
  readonly lifetimeMs: number;
}
