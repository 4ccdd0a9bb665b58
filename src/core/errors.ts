/**
 * The catalogue of errors. Each code is documented in docs/reference/errors.md (a meta test holds both together).
 *
 * `retryable` says whether the same call may succeed later without anyone changing anything.
 */
export const ERROR_CATALOGUE = {
  // configuration and definitions
  ESTEIRA_CONFIG_INVALID: { retryable: false },
  ESTEIRA_DEFINITION_INVALID: { retryable: false },
  ESTEIRA_MEMORY_BACKEND_IN_PRODUCTION: { retryable: false },
  ESTEIRA_SERVICE_UNREACHABLE: { retryable: true },
  ESTEIRA_APP_NOT_FOUND: { retryable: false },
  ESTEIRA_COMPLIANCE_BREACH: { retryable: false },
  ESTEIRA_COMPLIANCE_REFUSED: { retryable: false },
  // producing
  ESTEIRA_TENANT_MISSING: { retryable: false },
  ESTEIRA_PAYLOAD_INVALID: { retryable: false },
  ESTEIRA_PAYLOAD_HOLDS_SECRET: { retryable: false },
  ESTEIRA_EVENT_UNKNOWN: { retryable: false },
  ESTEIRA_JOB_TYPE_UNKNOWN: { retryable: false },
  ESTEIRA_PUBLISH_UNKNOWN: { retryable: true },
  ESTEIRA_BUFFER_FULL: { retryable: true },
  ESTEIRA_RECORD_TOO_LARGE: { retryable: false },
  // schemas
  ESTEIRA_SCHEMA_INVALID: { retryable: false },
  ESTEIRA_SCHEMA_NOT_REGISTERED: { retryable: false },
  ESTEIRA_SCHEMA_INCOMPATIBLE: { retryable: false },
  ESTEIRA_REGISTRY_UNAVAILABLE: { retryable: true },
  // broker
  ESTEIRA_BROKER_UNAVAILABLE: { retryable: true },
  ESTEIRA_BROKER_REFUSED: { retryable: false },
  ESTEIRA_TOPICS_DIFFER: { retryable: false },
  ESTEIRA_OFFSETS_MISSING: { retryable: false },
  ESTEIRA_CLOSED: { retryable: false },
  ESTEIRA_NOT_IDLE: { retryable: true },
  // state
  ESTEIRA_STATE_UNAVAILABLE: { retryable: true },
  ESTEIRA_STATE_UNSAFE: { retryable: false },
  ESTEIRA_TENANTS_UNAVAILABLE: { retryable: true },
  // handlers
  ESTEIRA_ATTEMPT_TIMEOUT: { retryable: true },
  ESTEIRA_HANDLER_INVALID: { retryable: false },
  ESTEIRA_THREAD_DIED: { retryable: true },
  // providers
  ESTEIRA_PROVIDER_TIMEOUT: { retryable: true },
  ESTEIRA_PROVIDER_OPEN: { retryable: true },
  // analysts
  ESTEIRA_PACKAGE_MISSING: { retryable: false },
  ESTEIRA_PROJECTION_UNAVAILABLE: { retryable: false },
  ESTEIRA_QUERY_INVALID: { retryable: false },
  ESTEIRA_QUERY_REFUSED: { retryable: false },
  ESTEIRA_QUERY_LIMIT: { retryable: false },
  // operators
  ESTEIRA_REPLAY_REFUSED: { retryable: false },
  ESTEIRA_REPLAY_INTERRUPTED: { retryable: true },
  ESTEIRA_LETTER_REFUSED: { retryable: false },
  ESTEIRA_AUDIT_UNAVAILABLE: { retryable: true },
  ESTEIRA_OPERATOR_REFUSED: { retryable: false },
  ESTEIRA_USAGE: { retryable: false },
} as const satisfies Record<string, { retryable: boolean }>;

/** Every code an {@link EsteiraError} can carry. */
export type ErrorCode = keyof typeof ERROR_CATALOGUE;

/** Structured facts of an error, safe to log: names, counts and positions, never payload values. */
export type ErrorFacts = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** Shared by all copies of the package that a process loads: an app may bring its own. */
const BRAND = Symbol.for('esteira.error');

/** The one error class of Esteira: a stable code, a sentence that says what to do, and facts. */
export class EsteiraError extends Error {
  override readonly name = 'EsteiraError';
  readonly code: ErrorCode;
  readonly facts: ErrorFacts;

  constructor(code: ErrorCode, message: string, options: { facts?: ErrorFacts; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.facts = options.facts ?? {};
  }

  /** Whether the same call may succeed later without anyone changing anything. */
  get retryable(): boolean {
    return ERROR_CATALOGUE[this.code].retryable;
  }

  /** Tells it from other errors, whichever copy of the package made it. */
  get [BRAND](): true {
    return true;
  }
}

/** Whether `error` is an {@link EsteiraError}, optionally with exactly this code. */
export const isEsteiraError = (error: unknown, code?: ErrorCode): error is EsteiraError =>
  isBranded(error) && (code === undefined || error.code === code);

const isBranded = (error: unknown): error is EsteiraError => error instanceof Error && BRAND in error;
