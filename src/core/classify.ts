import { causeChain, errorFacts, innerErrors, isError, type ThrownFacts } from './error-facts.ts';
import { ERROR_CATALOGUE, type ErrorCode, isEsteiraError } from './errors.ts';
import { IntegrityError, UnrecoverableError } from './handler-errors.ts';
import type { ErrorClass } from './outcome.ts';

/** A rule of the app; undefined leaves the error to the next rule. It is asked about the error and each of its causes. */
export type ErrorRule = (error: unknown) => ErrorClass | undefined;

/** Codes of Esteira whose class does not follow from whether the same call may succeed later. */
const OWN_CODES: Partial<Record<ErrorCode, ErrorClass>> = {
  ESTEIRA_PROVIDER_OPEN: 'dependency-down',
  ESTEIRA_STATE_UNAVAILABLE: 'dependency-down',
  ESTEIRA_BROKER_UNAVAILABLE: 'dependency-down',
  ESTEIRA_REGISTRY_UNAVAILABLE: 'dependency-down',
  ESTEIRA_SERVICE_UNREACHABLE: 'dependency-down',
  // The schema may be registered, and the process replaced, while the job waits.
  ESTEIRA_SCHEMA_NOT_REGISTERED: 'transient',
  ESTEIRA_CLOSED: 'transient',
};

const entriesOf = (errorClass: ErrorClass, codes: string): [string, ErrorClass][] =>
  codes.split(' ').map((code) => [code, errorClass]);

/** `code` and `name` values of the platform, of databases and of AWS. */
const KNOWN_CODES: ReadonlyMap<string, ErrorClass> = new Map([
  ...entriesOf(
    'dependency-down',
    'ECONNREFUSED ENOTFOUND EAI_AGAIN EHOSTUNREACH EHOSTDOWN ENETUNREACH ENETDOWN EOPENBREAKER UND_ERR_CONNECT_TIMEOUT',
  ),
  ...entriesOf(
    'transient',
    'ECONNRESET ECONNABORTED EPIPE ETIMEDOUT UND_ERR_SOCKET UND_ERR_HEADERS_TIMEOUT UND_ERR_BODY_TIMEOUT AbortError TimeoutError',
  ),
  ...entriesOf(
    'dependency-down',
    'Throttling ThrottlingException ThrottledException RequestThrottled RequestThrottledException RequestLimitExceeded TooManyRequestsException ProvisionedThroughputExceededException BandwidthLimitExceeded LimitExceededException PriorRequestNotComplete SlowDown EC2ThrottledException',
  ),
  ...entriesOf(
    'dependency-down',
    'ServiceUnavailable ServiceUnavailableException ExpiredToken ExpiredTokenException UnrecognizedClientException InvalidClientTokenId CredentialsProviderError',
  ),
  ...entriesOf(
    'transient',
    'InternalError InternalFailure InternalServerError InternalServerException RequestTimeout RequestTimeoutException TransactionInProgressException TransactionConflictException ConditionalCheckFailedException',
  ),
]);

/** SQLSTATE classes: no connection, too few resources, shutting down. */
const DATABASE_DOWN = /^(?:08[0-9A-Z]{3}|53[0-9A-Z]{3}|57P0[123])$/;

/** Statuses that say "later" or "not for you now", so that no attempt is spent on them. */
const STATUS_DEPENDENCY_DOWN: ReadonlySet<number> = new Set([
  401, 407, 429, 502, 503, 504, 507, 521, 522, 523,
]);
const STATUS_TRANSIENT: ReadonlySet<number> = new Set([408, 409, 412, 421, 423, 424, 425]);
const STATUS_NEVER: ReadonlySet<number> = new Set([501, 505]);

const classOfStatus = (status: number): ErrorClass => {
  if (STATUS_DEPENDENCY_DOWN.has(status)) return 'dependency-down';
  if (STATUS_NEVER.has(status)) return 'unrecoverable';
  return status >= 500 || STATUS_TRANSIENT.has(status) ? 'transient' : 'unrecoverable';
};

const classOfCode = (code: string | undefined): ErrorClass | undefined => {
  if (code === undefined) return undefined;
  return KNOWN_CODES.get(code) ?? (DATABASE_DOWN.test(code) ? 'dependency-down' : undefined);
};

const classOfFacts = (facts: ThrownFacts): ErrorClass | undefined => {
  const known = classOfCode(facts.code) ?? classOfCode(facts.name);
  if (known !== undefined) return known;
  if (facts.retryHint !== undefined) return facts.retryHint === 'throttled' ? 'dependency-down' : 'transient';
  return facts.status === undefined ? undefined : classOfStatus(facts.status);
};

/** Own and user classes; the name is asked as well, for a second copy of the package in one process. */
const classOfType = (error: unknown): ErrorClass | undefined => {
  if (!isError(error)) return undefined;
  if (isEsteiraError(error)) {
    return OWN_CODES[error.code] ?? (ERROR_CATALOGUE[error.code].retryable ? 'transient' : 'unrecoverable');
  }
  const { name } = errorFacts(error);
  if (error instanceof IntegrityError || name === 'IntegrityError') return 'integrity';
  if (error instanceof UnrecoverableError || name === 'UnrecoverableError') return 'unrecoverable';
  return undefined;
};

/**
 * Several errors at once: a contradiction outweighs all; otherwise the job runs again while any of them may pass, and
 * only what is wholly down counts as down.
 */
const classOfMany = (classes: readonly ErrorClass[]): ErrorClass | undefined => {
  if (classes.length === 0) return undefined;
  if (classes.includes('integrity')) return 'integrity';
  const [first = 'transient'] = classes;
  return classes.every((one) => one === first) ? first : 'transient';
};

const askRule = (rule: ErrorRule, error: unknown): ErrorClass | undefined => {
  try {
    return rule(error);
  } catch {
    // A rule that throws has said nothing; the error it was asked about must still be dealt with.
    return undefined;
  }
};

const askRules = (rules: readonly ErrorRule[], error: unknown): ErrorClass | undefined => {
  for (const rule of rules) {
    const answer = askRule(rule, error);
    if (answer !== undefined) return answer;
  }
  return undefined;
};

const classify = (error: unknown, rules: readonly ErrorRule[], depth: number): ErrorClass | undefined => {
  for (const link of causeChain(error)) {
    const inner =
      depth > 0 ? innerErrors(link).map((one) => classify(one, rules, depth - 1) ?? 'transient') : [];
    const found =
      askRules(rules, link) ?? classOfType(link) ?? classOfMany(inner) ?? classOfFacts(errorFacts(link));
    if (found !== undefined) return found;
  }
  return undefined;
};

const DEEPEST_AGGREGATE = 2;

/**
 * How an error is to be treated. Asks, of the error and then of each cause: the app's rules, the error's class, the
 * errors inside an AggregateError, `code`, errno, AWS name, HTTP status. The words of a message are never read.
 *
 * What nothing is known about is `transient`, also TypeError and its like: a bug is retried while a fix may be on its
 * way, and ends as a dead letter by its attempts.
 */
export const classifyError = (error: unknown, rules: readonly ErrorRule[] = []): ErrorClass =>
  classify(error, rules, DEEPEST_AGGREGATE) ?? 'transient';
