import { type ErrorCode, isEsteiraError } from '../core/errors.ts';

/** What a command ends with: 0 done, 1 failed, 2 wrong use, 3 refused by a guard. */
export const EXIT = { done: 0, failed: 1, wrongUse: 2, refused: 3 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Codes that are not simply a failure. */
const EXIT_OF_CODE: Partial<Record<ErrorCode, ExitCode>> = {
  ESTEIRA_USAGE: EXIT.wrongUse,
  ESTEIRA_CONFIG_INVALID: EXIT.wrongUse,
  ESTEIRA_DEFINITION_INVALID: EXIT.wrongUse,
  ESTEIRA_APP_NOT_FOUND: EXIT.wrongUse,
  ESTEIRA_EVENT_UNKNOWN: EXIT.wrongUse,
  ESTEIRA_JOB_TYPE_UNKNOWN: EXIT.wrongUse,
  ESTEIRA_TENANT_MISSING: EXIT.wrongUse,
  ESTEIRA_PAYLOAD_INVALID: EXIT.wrongUse,
  ESTEIRA_SCHEMA_INVALID: EXIT.wrongUse,
  ESTEIRA_QUERY_INVALID: EXIT.wrongUse,
  ESTEIRA_QUERY_REFUSED: EXIT.refused,
  ESTEIRA_MEMORY_BACKEND_IN_PRODUCTION: EXIT.refused,
  ESTEIRA_COMPLIANCE_BREACH: EXIT.refused,
  ESTEIRA_COMPLIANCE_REFUSED: EXIT.refused,
  ESTEIRA_PAYLOAD_HOLDS_SECRET: EXIT.refused,
  ESTEIRA_SCHEMA_INCOMPATIBLE: EXIT.refused,
  ESTEIRA_TOPICS_DIFFER: EXIT.refused,
  ESTEIRA_OFFSETS_MISSING: EXIT.refused,
  ESTEIRA_STATE_UNSAFE: EXIT.refused,
  ESTEIRA_REPLAY_REFUSED: EXIT.refused,
  ESTEIRA_LETTER_REFUSED: EXIT.refused,
  ESTEIRA_AUDIT_UNAVAILABLE: EXIT.refused,
  ESTEIRA_OPERATOR_REFUSED: EXIT.refused,
};

/** The exit code of an error. */
export const exitCodeOf = (error: unknown): ExitCode =>
  isEsteiraError(error) ? (EXIT_OF_CODE[error.code] ?? EXIT.failed) : EXIT.failed;
