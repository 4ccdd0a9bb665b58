/** What every job type must keep, in the order in which it is told. */
export const LINES = [
  'idempotent',
  'crash-safe',
  'context',
  'tenant-required',
  'tenants-apart',
  'payload-checked',
  'retry-bounded',
  'backoff',
  'dead-letter',
  'time-bounded',
  'logs',
  'metrics',
  'telemetry',
  'no-secret-in-payload',
  'redaction',
  'adapters',
  'provider-timeout',
  'provider-breaker',
  'provider-fallback',
  'ai-prepares-only',
] as const;

export type LineName = (typeof LINES)[number];

/** `unproved`: nothing was seen that proves it, nor anything against it. */
export type Verdict = 'proved' | 'breach' | 'unproved';

/** What a line of one job type came to. */
export interface Finding {
  readonly line: LineName;
  readonly verdict: Verdict;
  /** What was seen, in one sentence without a stop; never values of payloads. */
  readonly says: string;
  /** What to do about it; always there unless it is proved. */
  readonly todo?: string;
}

/** Makes the findings of a line. */
export const about = (line: LineName) => ({
  proved: (says: string): Finding => ({ line, verdict: 'proved', says }),
  breach: (says: string, todo: string): Finding => ({ line, verdict: 'breach', says, todo }),
  unproved: (says: string, todo: string): Finding => ({ line, verdict: 'unproved', says, todo }),
});

/** Proved where nothing is amiss; else a breach that names all of it. */
export const provedUnless = (
  line: LineName,
  amiss: readonly string[],
  says: string,
  todo: string,
): Finding => (amiss.length === 0 ? about(line).proved(says) : about(line).breach(amiss.join('; '), todo));

/** What no run can tell, and a person must look at: once for an app. */
export const BY_REVIEW = [
  'whether a handler holds a business rule: it should call one use case, and decide nothing',
  'whether secrets are read from a vault: payloads, logs and errors are looked at, the process is not',
] as const;
